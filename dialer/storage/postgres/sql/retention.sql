-- name: recordings_by_age
-- Stored recordings of calls from before a moment, after one of them, with what their keeping depends on.
-- params: before, after_at, after_id, most, today
select r.id, r.name, r.started_at, a.id as attempt_id, a.campaign_id, a.e164, a.claimed_at, g.profiles,
       greatest(a.claimed_at, (select max(b.claimed_at) from attempts b where b.e164 = a.e164 and a.e164 <> '')) as last_call_at,
       held($5, a.e164, a.id, a.campaign_id) as held
from recordings r
join attempts a on a.id = r.attempt_id
left join dial_grounds g on g.id = a.grounds_id
where r.started_at < $1 and (r.started_at, r.id) > ($2, $3::uuid) and r.state = 'stored'
order by r.started_at, r.id
limit $4;

-- name: attempts_by_age
-- Ended calls of a campaign from before a moment, after one of them; none whose audio is still there.
-- params: campaign_id, before, after_at, after_id, most, today
select a.id, a.campaign_id, a.e164, a.claimed_at, g.profiles,
       greatest(a.claimed_at, (select max(b.claimed_at) from attempts b where b.e164 = a.e164 and a.e164 <> '')) as last_call_at,
       held($6, a.e164, a.id, a.campaign_id) as held
from attempts a
left join dial_grounds g on g.id = a.grounds_id
where a.campaign_id = $1 and a.claimed_at < $2 and (a.claimed_at, a.id) > ($3, $4::uuid) and a.ended_at is not null
  and not exists (select from recordings r where r.attempt_id = a.id and r.state in ('running', 'landed', 'stored'))
order by a.claimed_at, a.id
limit $5;

-- name: delete_attempts
-- Calls, and with them their timelines.
-- params: attempt_ids
delete from attempts where id = any ($1::uuid[]) and ended_at is not null returning id;

-- name: delete_call_events
-- The timelines of calls, which stay.
-- params: attempt_ids
delete from call_events where attempt_id = any ($1::uuid[]) returning attempt_id;

-- name: delete_refusals_by_age
-- Why calls were not made, last before a moment, so many at once; what a hold is on stays.
-- params: before, today, most
delete from refusals
where id = any (array(
    select r.id
    from refusals r
    where r.last_at < $1
      and not exists (select from holds_in_force($2) h where h.campaign_id = r.campaign_id or h.e164 = r.e164)
    limit $3
))
returning id;

-- name: count_refusals_by_age
-- The same, counted.
-- params: before, today
select count(*) from refusals r
where r.last_at < $1
  and not exists (select from holds_in_force($2) h where h.campaign_id = r.campaign_id or h.e164 = r.e164);

-- name: consents_by_age
-- Consents that ended before a moment, after one of them.
-- params: before, after_id, most, now, today
select c.id, c.e164, c.given_at, c.last_used_at,
       held($5, c.e164) as held
from consents c
where c.id > $2
  and least(c.revoked_at, c.expires_at) < $4
  and greatest(least(c.revoked_at, c.expires_at), c.last_used_at) < $1
order by c.id
limit $3;

-- name: do_not_call_by_age
-- Entries that expired before a moment, after one of them; those in force are never among them.
-- params: before, after_id, most, today
select d.id, d.e164, d.added_at,
       held($4, d.e164) as held
from do_not_call d
where d.id > $2 and d.expires_at < $1
order by d.id
limit $3;

-- name: flow_calls_by_age
-- Calls in flows on which nothing has happened since a moment, after one of them, with what their keeping depends on.
-- params: before, after_at, after_call, most, today
select s.call, s.e164, s.started_at,
       exists (select from ivr_answers x where x.call = s.call and x.consent and x.status = 'answered') as consent,
       array(
           select clip from ivr_answers x where x.call = s.call and clip <> ''
           union
           select clip from ivr_requests q where q.call = s.call and clip not in ('', 'erased')
       ) as clips,
       held_in_flow($5, s.e164, s.attempt_id, s.call) as held
from ivr_sessions s
where s.started_at < $1 and (s.started_at, s.call) > ($2, $3) and s.updated_at < $1
order by s.started_at, s.call
limit $4;

-- name: delete_flow_calls
-- Calls in flows, and with them their answers.
-- params: calls
delete from ivr_sessions where call = any ($1::text[]) returning call;

-- name: flow_requests_by_age
-- What callers asked for in flows before a moment, not due or settled since, after one of them.
-- params: before, after_id, most, today
select q.id, q.reference, q.kind, q.e164, q.requested_at, case when q.clip = 'erased' then '' else q.clip end as clip,
       s.call,
       held_in_flow($4, q.e164, s.attempt_id, s.call) as held
from ivr_requests q
left join ivr_sessions s on s.call = q.call
where q.id > $2 and greatest(q.requested_at, q.due_at, q.settled_at) < $1
order by q.id
limit $3;

-- name: delete_flow_requests
-- What callers asked for.
-- params: request_ids
delete from ivr_requests where id = any ($1::bigint[]) returning id;

-- name: begin_retention_run
-- A run that has begun.
-- params: by, now
insert into retention_runs (run_by, started_at) values ($1, $2) returning id;

-- name: end_retention_run
-- What it did.
-- params: run_id, purged, kept, problem, now
update retention_runs set purged = $2, kept = $3, problem = $4, ended_at = $5 where id = $1;

-- name: last_retention_runs
-- The latest runs.
-- params: most
select id, started_at, ended_at, run_by, purged, kept, problem from retention_runs order by id desc limit $1;
