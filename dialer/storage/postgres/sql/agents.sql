-- name: all_agents
-- Every agent with what they last asked for.
-- params:
select id, name, phone, state, reason, since, wish, wish_reason, wished_at from agents order by name;

-- name: add_agent
-- A new agent, logged out.
-- params: name, phone, now
insert into agents (name, phone, since, wished_at) values ($1, $2, $3, $3) returning id;

-- name: wish_agent
-- What the agent asks for.
-- params: agent_id, wish, reason, now
update agents set wish = $2, wish_reason = $3, wished_at = $4 where id = $1 returning id;

-- name: record_agent_states
-- Write changes of state in their order; the last one of each agent is their state now.
-- params: agent_ids, states, reasons, moments, attempt_ids
with changes as (
    select *
    from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
         with ordinality as c (agent_id, state, reason, at, attempt_id, place)
), moved as (
    update agents a
    set state = c.state, reason = c.reason, since = c.at
    from (select distinct on (agent_id) * from changes order by agent_id, place desc) c
    where a.id = c.agent_id
)
insert into agent_state_log (agent_id, state, reason, at, attempt_id)
select c.agent_id, c.state, c.reason, c.at, c.attempt_id
from changes c
where exists (select from agents a where a.id = c.agent_id)
order by c.place;

-- name: agent_time_in_states
-- Seconds each agent spent in each state between two moments, and how often the state began.
-- params: since, until
select agent_id, state,
       sum(extract(epoch from least(ended, $2) - greatest(at, $1)))::float8 as seconds,
       count(*) filter (where at >= $1)::integer as times
from (
    select agent_id, state, at, lead(at, 1, $2) over (partition by agent_id order by at, id) as ended
    from agent_state_log
    where at < $2
) stays
where ended > $1
group by agent_id, state;
