-- name: live_answers
-- Every answered call of a campaign in a stretch of time, by the moment of the answer, with its review.
-- params: campaign_id, since, until
select a.id, a.campaign_id, a.contact_id, a.e164, a.agent_id, a.state, a.disposition, a.dialled_at, a.answered_at,
       a.greeting_start_at, a.greeting_end_at, a.joined_at, a.message_at, a.optout_at, a.left_at, a.ended_at,
       a.ended_by_us, a.sent_to, a.machine_verdict, a.noted_at,
       c.plan -> 'pacing' ->> 'mode' as mode,
       r.answered_by, r.reviewed_by, r.reviewed_at, r.note as review_note
from attempts a
join campaigns c on c.id = a.campaign_id
left join verdict_reviews r on r.attempt_id = a.id
where a.campaign_id = $1 and a.direction = 'outbound' and a.answered_at >= $2 and a.answered_at < $3
order by a.answered_at, a.id;

-- name: record_opt_outs
-- The key was pressed: the number goes onto the list, consent is taken back, its contact is blocked, the call remembers it.
-- params: attempt_ids, pressed_at, keys
with
-- through the gate first: who is in it may be noting the use of the same consents
gate as materialized (select pg_advisory_xact_lock(hashtextextended('fairdial gate', 0))), pressed as (
    select a.id, a.contact_id, a.e164, p.at, p.key
    from gate
    cross join unnest($1::uuid[], $2::timestamptz[], $3::text[]) as p (attempt_id, at, key)
    join attempts a on a.id = p.attempt_id
), listed as (
    insert into do_not_call as old (e164, campaign_id, source, reason, added_at)
    select distinct on (e164) e164, null::bigint, 'key press', 'pressed ' || key || ' during the message', at
    from pressed
    order by e164, at
    on conflict (e164, kind, coalesce(campaign_id, 0)) do update set expires_at = null
    where old.expires_at is not null
), taken_back as (
    insert into revocations (e164, at, how, detail, attempt_id, added_by)
    select e164, at, 'key_press', 'key ' || key || ' during the message', id, 'the called person'
    from pressed
    on conflict (e164, seller, topic, at, how) do nothing
), unconsented as (
    update consents c
    set revoked_at = p.at, revoked_how = 'key_press'
    from (select e164, min(at) as at from pressed group by e164) p
    where c.e164 = p.e164 and c.revoked_at is null and c.given_at <= p.at
), remembered as (
    update attempts a
    set optout_at = p.at
    from pressed p
    where a.id = p.id and a.optout_at is null
    returning a.id
), blocked as (
    update contacts c
    set state = 'blocked', due_at = null, because = 'pressed the key for no more calls'
    from pressed p
    where c.id = p.contact_id and c.state <> 'blocked'
), told as (
    insert into call_events (attempt_id, at, kind, detail)
    select p.id, p.at, 'opted_out', 'key ' || p.key
    from pressed p
    join remembered r on r.id = p.id
)
select id from pressed;

-- name: record_heard
-- What was heard on answered calls; what is not told stays.
-- params: attempt_ids, greeting_start_at, greeting_end_at, machine_verdicts, sent_to
update attempts a
set greeting_start_at = coalesce(h.greeting_start_at, a.greeting_start_at),
    greeting_end_at = coalesce(h.greeting_end_at, a.greeting_end_at),
    machine_verdict = coalesce(h.machine_verdict, a.machine_verdict),
    sent_to = coalesce(h.sent_to, a.sent_to)
from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[])
    as h (attempt_id, greeting_start_at, greeting_end_at, machine_verdict, sent_to)
where a.id = h.attempt_id;

-- name: answered_at_of
-- When an attempt was answered; no row for one that is not there.
-- params: attempt_id
select answered_at from attempts where id = $1;

-- name: review_verdict
-- What a person heard on a call.
-- params: attempt_id, answered_by, reviewed_by, reviewed_at, note
insert into verdict_reviews (attempt_id, answered_by, reviewed_by, reviewed_at, note)
values ($1, $2, $3, $4, $5)
on conflict (attempt_id) do update
set answered_by = excluded.answered_by, reviewed_by = excluded.reviewed_by, reviewed_at = excluded.reviewed_at,
    note = excluded.note;

-- name: verdicts_to_review
-- Calls taken for machines by a detector that nobody has heard; the order of a hash spreads them over all of the time.
-- params: campaign_id, most
select a.id, a.e164, a.answered_at,
       array(select r.name from recordings r where r.attempt_id = a.id and r.state = 'stored' order by r.part) as names
from attempts a
where a.campaign_id = $1 and a.answered_at is not null and a.machine_verdict = 'machine'
  and not exists (select from verdict_reviews r where r.attempt_id = a.id)
order by md5(a.id::text)
limit $2;

-- name: numbers_by_prefix
-- One number of a campaign for each beginning of five characters: where it calls, without reading all of its numbers.
-- params: campaign_id
with recursive step as (
    (select e164 from contact_numbers where campaign_id = $1 order by e164 limit 1)
    union all
    select (
        select n.e164 from contact_numbers n
        where n.campaign_id = $1 and n.e164 > left(s.e164, 5) || '99999999999'
        order by n.e164
        limit 1
    )
    from step s
    where s.e164 is not null
)
select e164 from step where e164 is not null;
