-- name: count_windows
-- Calls answered by people in windows of time, and the abandoned among them, in the windows' order.
-- params: campaign_id, begins, ends
with windows as (
    -- from `low` to `high` go whole quarters of an hour, which are counted already
    select w.place, w.begins, w.ends, q.low, greatest(q.low, q.last) as high
    from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as w (begins, ends, place)
    cross join lateral (
        select least(w.ends, date_bin('15 minutes', w.begins + interval '15 minutes' - interval '1 microsecond',
                                      '2000-01-01 00:00+00')) as low,
               date_bin('15 minutes', w.ends, '2000-01-01 00:00+00') as last
    ) q
)
select (whole.answered + edges.answered + open.answered)::integer as answered,
       (whole.abandoned + edges.abandoned + open.abandoned)::integer as abandoned
from windows w
cross join lateral (
    select coalesce(sum(answered), 0) as answered, coalesce(sum(abandoned), 0) as abandoned
    from answered_quarters
    where campaign_id = $1 and begins >= w.low and begins < w.high
) whole
cross join lateral (
    select coalesce(sum(of.calls), 0) as answered,
           coalesce(sum(of.calls) filter (where d.code = 'abandoned'), 0) as abandoned
    from (values (w.begins, w.low), (w.high, w.ends)) as edge (begins, ends)
    join dispositions d on d.by_person
    cross join lateral (
        -- one range of the index for each disposition
        select count(*) as calls
        from attempts a
        where a.campaign_id = $1 and a.disposition = d.code and a.direction = 'outbound'
          and a.answered_at >= edge.begins and a.answered_at < edge.ends
    ) of
) edges
cross join lateral (
    -- a call that is open counts as answered, and as abandoned when it hears the message in place of an agent
    select count(*) as answered,
           count(*) filter (where a.state = 'message' and c.plan -> 'pacing' ->> 'mode' is distinct from 'agentless')
               as abandoned
    from attempts a
    join campaigns c on c.id = a.campaign_id
    where a.campaign_id = $1 and a.disposition is null and a.direction = 'outbound'
      and a.answered_at >= w.begins and a.answered_at < w.ends
) open
order by w.place;

-- name: unheard_verdicts
-- Calls in windows of time that were ended because the ears took a machine for the answerer, and that nobody has heard since.
-- params: campaign_id, begins, ends
select count(a.id)::integer as unheard
from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as w (begins, ends, place)
left join attempts a
    on a.campaign_id = $1 and a.disposition in ('machine', 'message_left') and a.machine_verdict = 'machine'
   and a.joined_at is null and a.answered_at >= w.begins and a.answered_at < w.ends
   and not exists (select from verdict_reviews r where r.attempt_id = a.id)
group by w.place
order by w.place;

-- name: verdict_sample
-- Machine verdicts of any campaign that people have heard: reviewed on purpose, or by the agent who had the call.
-- params: since
select count(*)::integer as reviewed,
       count(*) filter (where coalesce(r.answered_by, case a.disposition when 'machine' then 'machine' else 'person' end)
                              = 'person')::integer as people
from attempts a
left join verdict_reviews r on r.attempt_id = a.id
where a.answered_at >= $1 and a.machine_verdict = 'machine'
  and (r.attempt_id is not null or (a.noted_at is not null and a.joined_at is not null));

-- name: all_lessons
-- What pacing last learnt of each campaign.
-- params:
select campaign_id, version, document from pacing_lessons order by campaign_id;

-- name: lesson_of
-- What pacing last learnt of one campaign.
-- params: campaign
select campaign_id, version, document from pacing_lessons where campaign_id = $1;

-- name: keep_lessons
-- Each replaces the one before it; a campaign that is gone has none.
-- params: campaign_ids, versions, documents, now
insert into pacing_lessons (campaign_id, version, document, kept_at)
select l.campaign_id, l.version, l.document, $4
from unnest($1::bigint[], $2::integer[], $3::jsonb[]) as l (campaign_id, version, document)
join campaigns c on c.id = l.campaign_id
on conflict (campaign_id) do update
set version = excluded.version, document = excluded.document, kept_at = excluded.kept_at;

-- name: keep_decisions
-- Samples of decisions, in their order.
-- params: campaign_ids, at, dials, bindings, because, inputs, decisions
insert into pacing_decisions (campaign_id, at, dial, binding, because, inputs, decisions)
select s.campaign_id, s.at, s.dial, s.binding, s.because, s.inputs, s.decisions
from unnest(
    $1::bigint[], $2::timestamptz[], $3::integer[], $4::text[], $5::text[], $6::jsonb[], $7::integer[]
) with ordinality as s (campaign_id, at, dial, binding, because, inputs, decisions, place)
join campaigns c on c.id = s.campaign_id
order by s.place;

-- name: forget_decisions
-- Remove the samples of all campaigns before a moment.
-- params: before
delete from pacing_decisions d using campaigns c where d.campaign_id = c.id and d.at < $1;

-- name: decisions_between
-- The latest samples of a campaign in a stretch of time, newest first.
-- params: campaign_id, since, until, most
select campaign_id, at, dial, binding, because, inputs, decisions
from pacing_decisions
where campaign_id = $1 and at >= $2 and at < $3
order by at desc, id desc
limit $4;
