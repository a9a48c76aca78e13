-- name: claim_contacts
-- Hand out the next dialable contacts with an open attempt each; a contact without a usable number is exhausted.
-- params: campaign_id, runner_id, most, now
with candidates as (
    select id, list_id, zone, attempts, tally, due_at, priority
    from contacts
    where campaign_id = $1 and state = 'ready' and due_at <= $4
    order by priority desc, due_at, id
    limit $3
    for update skip locked
), chosen as (
    select c.id as contact_id, c.list_id, c.zone, c.attempts, c.tally, c.due_at, c.priority,
           n.id as number_id, n.e164, n.zones, n.usable
    from candidates c
    left join lateral (
        select id, e164, zones, count(*) over () as usable
        from contact_numbers
        where contact_id = c.id and not dead
        order by attempts, position
        limit 1
    ) n on true
), moved as (
    update contacts c
    set state = case when s.number_id is null then 'exhausted' else 'claimed' end,
        due_at = null,
        because = case when s.number_id is null then 'no usable number left' else c.because end
    from chosen s
    where c.id = s.contact_id
), opened as (
    insert into attempts (campaign_id, contact_id, number_id, e164, runner_id, state, claimed_at, due_at)
    select $1, contact_id, number_id, e164, $2, 'claimed', $4, due_at
    from chosen
    where number_id is not null
    returning id, contact_id
)
select o.id as attempt_id, $1::bigint as campaign_id, s.contact_id, s.number_id, s.e164,
       case when s.zone is null then s.zones else array[s.zone] end as zones,
       s.attempts, s.tally, s.usable - 1 as other_numbers, l.source as list_name, l.imported_at
from opened o
join chosen s on s.contact_id = o.contact_id
left join contact_lists l on l.id = s.list_id
order by s.priority desc, s.due_at, s.contact_id;

-- name: release_claims
-- Undo claims that were not dialled.
-- params: attempt_ids
with gone as (
    delete from attempts
    where id = any ($1::uuid[]) and state = 'claimed'
    returning contact_id, due_at
)
update contacts c
set state = 'ready', due_at = g.due_at
from gone g
where c.id = g.contact_id and c.state = 'claimed';

-- name: put_back_unsent
-- Undo what a runner claimed or committed without hearing the answer; nothing of it was dialled.
-- params: runner_id, known_attempt_ids
with gone as (
    delete from attempts
    where runner_id = $1 and ended_at is null and state in ('claimed', 'dialling') and id <> all ($2::uuid[])
    returning id, contact_id, due_at
), ready as (
    update contacts c
    set state = 'ready', due_at = g.due_at
    from gone g
    where c.id = g.contact_id and c.state = 'claimed'
)
select id from gone;

-- name: record_progress
-- Write what became known of open attempts, and their timeline; an ended attempt is not moved.
-- params: attempt_ids, states, rang_at, answered_at, joined_at, left_at, message_at, agent_ids,
-- event_attempt_ids, event_at, event_kinds, event_details
with moved as (
    update attempts a
    set state = w.state,
        rang_at = coalesce(w.rang_at, a.rang_at),
        answered_at = coalesce(w.answered_at, a.answered_at),
        joined_at = coalesce(w.joined_at, a.joined_at),
        left_at = coalesce(w.left_at, a.left_at),
        message_at = coalesce(w.message_at, a.message_at),
        agent_id = coalesce(w.agent_id, a.agent_id)
    from unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
        $7::timestamptz[], $8::bigint[]
    ) as w (attempt_id, state, rang_at, answered_at, joined_at, left_at, message_at, agent_id)
    where a.id = w.attempt_id and a.state <> 'ended'
)
insert into call_events (attempt_id, at, kind, detail)
select e.attempt_id, e.at, e.kind, e.detail
from unnest($9::uuid[], $10::timestamptz[], $11::text[], $12::text[]) as e (attempt_id, at, kind, detail)
join attempts a on a.id = e.attempt_id;

-- name: settle_attempts
-- End attempts, move their contacts and numbers, and write the timeline; what is settled already stays as it is.
-- params: attempt_ids, dispositions, because, ended_at, q850, sip_statuses, cause_texts, ended_by_us,
-- rang_at, answered_at, joined_at, left_at, message_at, agent_ids,
-- dialled, contact_states, due_at, contact_because, numbers_dead,
-- event_attempt_ids, event_at, event_kinds, event_details
with wanted as (
    select *
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::smallint[], $6::smallint[], $7::text[], $8::bool[],
        $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
        $14::bigint[], $15::bool[], $16::text[], $17::timestamptz[], $18::text[], $19::bool[]
    ) as w (
        attempt_id, disposition, because, ended_at, q850, sip_status, cause_text, ended_by_us,
        rang_at, answered_at, joined_at, left_at, message_at, agent_id,
        dialled, contact_state, due_at, contact_because, number_is_dead
    )
), settled as (
    update attempts a
    set state = 'ended',
        disposition = w.disposition,
        because = w.because,
        ended_at = w.ended_at,
        q850 = w.q850,
        sip_status = w.sip_status,
        cause_text = w.cause_text,
        ended_by_us = w.ended_by_us,
        rang_at = coalesce(w.rang_at, a.rang_at),
        answered_at = coalesce(w.answered_at, a.answered_at),
        joined_at = coalesce(w.joined_at, a.joined_at),
        left_at = coalesce(w.left_at, a.left_at),
        message_at = coalesce(w.message_at, a.message_at),
        agent_id = coalesce(w.agent_id, a.agent_id)
    from wanted w
    where a.id = w.attempt_id and a.state <> 'ended'
    returning a.id, a.campaign_id, a.contact_id, a.number_id, a.answered_at, a.direction = 'outbound' as dials,
              w.disposition, w.dialled, w.contact_state, w.due_at, w.contact_because, w.number_is_dead
), counted as (
    insert into answered_quarters as q (campaign_id, begins, answered, abandoned)
    select s.campaign_id, date_bin('15 minutes', s.answered_at, '2000-01-01 00:00+00'), count(*),
           count(*) filter (where s.disposition = 'abandoned')
    from settled s
    join dispositions d on d.code = s.disposition
    where s.answered_at is not null and d.by_person and s.dials
    group by 1, 2
    order by 1, 2
    on conflict (campaign_id, begins) do update
    set answered = q.answered + excluded.answered, abandoned = q.abandoned + excluded.abandoned
), moved_contacts as (
    -- a contact that was blocked during the call stays blocked, but the attempt still counts; one that called us is not moved
    update contacts c
    set state = case when c.state = 'claimed' and s.dials then s.contact_state else c.state end,
        due_at = case when c.state = 'claimed' and s.dials then s.due_at else c.due_at end,
        because = case when c.state = 'claimed' and s.dials then s.contact_because else c.because end,
        attempts = c.attempts + s.dialled::int,
        tally = c.tally
             || jsonb_build_object(s.disposition, coalesce((c.tally ->> s.disposition)::int, 0) + 1)
    from settled s
    where c.id = s.contact_id
), moved_numbers as (
    update contact_numbers n
    set attempts = n.attempts + s.dialled::int, dead = n.dead or s.number_is_dead
    from settled s
    where n.id = s.number_id and (s.dialled or s.number_is_dead)
)
insert into call_events (attempt_id, at, kind, detail)
select e.attempt_id, e.at, e.kind, e.detail
from unnest($20::uuid[], $21::timestamptz[], $22::text[], $23::text[]) as e (attempt_id, at, kind, detail)
join attempts a on a.id = e.attempt_id
where e.attempt_id = any (array(select id from settled)) or e.attempt_id <> all ($1::uuid[]);

-- name: adopt_open_attempts
-- Take over the open attempts of other runners.
-- params: runner_id
with adopted as (
    update attempts
    set runner_id = $1
    where ended_at is null and runner_id <> $1
    returning *
)
select a.id as attempt_id, a.campaign_id, a.contact_id, a.number_id, a.e164,
       case when c.zone is null then coalesce(n.zones, '{}') else array[c.zone] end as zones,
       c.attempts, c.tally, c.attributes, l.source as list_name, l.imported_at,
       (
           select count(*) from contact_numbers o
           where o.contact_id = a.contact_id and o.id <> a.number_id and not o.dead
       ) as other_numbers,
       a.state, a.trunk, a.agent_id, a.dialled_at, a.rang_at, a.answered_at, a.joined_at, a.message_at,
       coalesce((select max(r.part) from recordings r where r.attempt_id = a.id), 0) as parts,
       a.direction, a.channel, a.session, a.priority, s.called, s.language, s.state as entered
from adopted a
join contacts c on c.id = a.contact_id
left join contact_numbers n on n.id = a.number_id -- a caller may have withheld it
left join contact_lists l on l.id = c.list_id
left join ivr_sessions s on s.call = a.session
order by a.claimed_at, a.id;
