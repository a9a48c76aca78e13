-- "Is a hold on it?" is asked of everything that is to be destroyed: in one place, so that no question forgets what another knows.

create function holds_in_force(today date) returns setof legal_holds
language sql stable parallel safe
begin atomic
    select h.* from legal_holds h where h.released_at is null and (h.until is null or h.until >= today);
end;

-- Why a hold is on a number, a call or a campaign, the eldest first; null when none is. What is null is not asked.
create function held(today date, number text, call uuid default null, campaign bigint default null) returns text
language sql stable parallel safe
return (
    select h.why
    from holds_in_force(today) h
    where h.e164 = number or h.attempt_id = call or h.campaign_id = campaign
    order by h.begun_at
    limit 1
);

-- The same of a call in a flow: by its number, or by the attempt that it is.
create function held_in_flow(today date, number text, attempt uuid, session text) returns text
language sql stable parallel safe
return coalesce(
    held(today, number),
    (
        select h.why
        from attempts a
        join holds_in_force(today) h on h.attempt_id = a.id or h.campaign_id = a.campaign_id
        where a.id = attempt or a.session = held_in_flow.session
        order by h.begun_at
        limit 1
    )
);
