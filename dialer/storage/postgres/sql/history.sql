-- name: newest_attempts
-- The newest attempts of all campaigns before a moment; all of those claimed at the same moment as the last.
-- params: before, most
select a.*
from campaigns c
cross join lateral (
    select *
    from attempts
    where campaign_id = c.id and claimed_at < $1
    order by claimed_at desc
    fetch first $2 rows with ties
) a
order by a.claimed_at desc
fetch first $2 rows with ties;

-- name: newest_attempts_of_campaign
-- The same of one campaign.
-- params: campaign_id, before, most
select *
from attempts
where campaign_id = $1 and claimed_at < $2
order by claimed_at desc
fetch first $3 rows with ties;

-- name: newest_attempts_of_contact
-- The same of one contact.
-- params: contact_id, before, most
select *
from attempts
where contact_id = $1 and claimed_at < $2
order by claimed_at desc
fetch first $3 rows with ties;

-- name: attempt_by_id
-- One attempt.
-- params: attempt_id
select * from attempts where id = $1;

-- name: timeline_of_attempt
-- What happened in an attempt, in order.
-- params: attempt_id
select attempt_id, at, kind, detail from call_events where attempt_id = $1 order by at;

-- name: lock_attempt
-- One attempt, which nobody else can change until the transaction ends.
-- params: attempt_id
select contact_id, number_id, agent_id, disposition, ended_at from attempts where id = $1 for no key update;

-- name: note_result
-- The agent's word on an attempt.
-- params: attempt_id, disposition, note, callback_at, now
update attempts set disposition = $2, note = $3, callback_at = $4, noted_at = $5 where id = $1;

-- name: recount_result
-- The contact's tally follows the agent's word; an open attempt keeps the contact, unless it must not be called any more.
-- params: contact_id, disposition_before, disposition, contact_state, due_at, because
with counted as (
    select id,
           tally || jsonb_build_object($2::text, greatest(coalesce((tally ->> $2::text)::int, 0) - 1, 0)) as without,
           $4::text is not null and (state <> 'claimed' or $4::text = 'blocked') as moves
    from contacts
    where id = $1
)
update contacts c
set tally = k.without || jsonb_build_object($3::text, coalesce((k.without ->> $3::text)::int, 0) + 1),
    state = case when k.moves then $4::text else c.state end,
    due_at = case when k.moves then $5::timestamptz else c.due_at end,
    because = case when k.moves then $6::text else c.because end
from counted k
where c.id = k.id;

-- name: recount_answered
-- The count of answered calls follows the agent's word; before and after are dispositions.
-- params: attempt_id, before, after
insert into answered_quarters as q (campaign_id, begins, answered, abandoned)
select a.campaign_id, date_bin('15 minutes', a.answered_at, '2000-01-01 00:00+00'),
       later.by_person::integer - earlier.by_person::integer,
       ($3::text = 'abandoned')::integer - ($2::text = 'abandoned')::integer
from attempts a
join dispositions earlier on earlier.code = $2
join dispositions later on later.code = $3
where a.id = $1 and a.answered_at is not null and a.direction = 'outbound'
on conflict (campaign_id, begins) do update
set answered = q.answered + excluded.answered, abandoned = q.abandoned + excluded.abandoned;

-- name: retire_number
-- A number that belongs to somebody else.
-- params: number_id
update contact_numbers set dead = true where id = $1;
