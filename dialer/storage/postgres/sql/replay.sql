-- name: last_dial_of_campaign
-- When a campaign dialled for the last time. A claim precedes its dial by less than an hour.
-- params: campaign_id
with newest as (
    select claimed_at
    from attempts
    where campaign_id = $1 and dialled_at is not null
    order by claimed_at desc
    limit 1
)
select max(a.dialled_at) as dialled_at
from attempts a, newest
where a.campaign_id = $1 and a.claimed_at >= newest.claimed_at - interval '1 hour';

-- name: recorded_attempts
-- Finished dials of a campaign between two moments, in their order. A claim precedes its dial by less than an hour.
-- params: campaign_id, since, until
select a.id, a.contact_id, a.e164, coalesce(n.zones, '{}') as zones, a.disposition,
       a.dialled_at, a.rang_at, a.answered_at, a.joined_at, a.left_at, a.ended_at
from attempts a
left join contact_numbers n on n.id = a.number_id
where a.campaign_id = $1
  and a.claimed_at >= $2::timestamptz - interval '1 hour' and a.claimed_at < $3
  and a.dialled_at >= $2 and a.dialled_at < $3
  and a.ended_at is not null
order by a.dialled_at, a.id;

-- name: recorded_states
-- States of all agents between two moments, with the one each was in at the first.
-- params: since, until
select agent_id, state, at, attempt_id
from (
    select id, agent_id, state, at, attempt_id
    from agent_state_log
    where at >= $1 and at < $2
    union all
    select before.id, before.agent_id, before.state, before.at, before.attempt_id
    from agents
    cross join lateral (
        select *
        from agent_state_log
        where agent_id = agents.id and at < $1
        order by at desc, id desc
        limit 1
    ) before
) states
order by at, id;

-- name: others_dialled
-- Whether campaigns other than this one dialled between two moments.
-- params: campaign_id, since, until
select exists (
    select
    from campaigns c
    cross join lateral (
        select
        from attempts
        where campaign_id = c.id and claimed_at >= $2 and claimed_at < $3 and dialled_at is not null
        limit 1
    ) dialled
    where c.id <> $1
);
