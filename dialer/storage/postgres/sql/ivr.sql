-- name: load_session
-- What is known of a call, and its revision.
-- params: call
select state, revision from ivr_sessions where call = $1;

-- name: begin_session
-- A call's first step; no row when the call is known already.
-- params: call, flow, version, language, caller, called, e164, node, state, started_at, updated_at, ended_at, result, checks,
-- attempt_id, answers
with saved as (
    insert into ivr_sessions (
        call, flow, version, language, caller, called, e164, node, state, revision, started_at, updated_at, ended_at, result,
        checks, attempt_id
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14, $15)
    on conflict (call) do nothing
    returning call
), answered as (
    insert into ivr_answers (call, question, place, status, value, facts, clip, language, at, offset_s, consent, said)
    select s.call, a.question, a.place, a.status, nullif(a.value, 'null'), a.facts, a.clip, a.language, to_timestamp(a.at),
           a.offset_s, a.consent, a.said
    from saved s
    cross join jsonb_to_recordset($16) as a (
        question text, place smallint, status text, value jsonb, facts jsonb, clip text, language text, at double precision,
        offset_s real, consent boolean, said text
    )
)
select 1 from saved;

-- name: save_session
-- A further step; no row when the session has another revision by now.
-- params: call, revision, language, node, state, updated_at, ended_at, result, checks
update ivr_sessions
set language = $3, node = $4, state = $5, updated_at = greatest(updated_at, $6), ended_at = $7, result = $8, checks = $9,
    revision = revision + 1
where call = $1 and revision = $2
returning 1;

-- name: save_session_with_answers
-- A further step with the questions it settled: both or neither.
-- params: call, revision, language, node, state, updated_at, ended_at, result, checks, answers
with saved as (
    update ivr_sessions
    set language = $3, node = $4, state = $5, updated_at = greatest(updated_at, $6), ended_at = $7, result = $8, checks = $9,
        revision = revision + 1
    where call = $1 and revision = $2
    returning call
), answered as (
    insert into ivr_answers (call, question, place, status, value, facts, clip, language, at, offset_s, consent, said)
    select s.call, a.question, a.place, a.status, nullif(a.value, 'null'), a.facts, a.clip, a.language, to_timestamp(a.at),
           a.offset_s, a.consent, a.said
    from saved s
    cross join jsonb_to_recordset($10) as a (
        question text, place smallint, status text, value jsonb, facts jsonb, clip text, language text, at double precision,
        offset_s real, consent boolean, said text
    )
    on conflict (call, question) do nothing
)
select 1 from saved;

-- name: save_answer
-- A question that was settled; the first answer stands.
-- params: call, question, status, value, facts, clip, language, at, offset_s, consent, said
insert into ivr_answers (call, question, place, status, value, facts, clip, language, at, offset_s, consent, said)
select $1, $2, (select count(*) from ivr_answers where call = $1), $3, nullif($4::jsonb, 'null'), $5, $6, $7, $8, $9, $10, $11
on conflict (call, question) do nothing;

-- name: forget_session
-- A call and its answers.
-- params: call
delete from ivr_sessions where call = $1;

-- name: link_session
-- The call is an attempt of a campaign.
-- params: call, attempt_id
update ivr_sessions set attempt_id = $2 where call = $1;

-- name: session_of
-- One call, as people look at it.
-- params: call
select s.call, s.flow, s.version, s.language, s.caller, s.called, s.attempt_id, s.node, s.revision, s.started_at,
       s.updated_at, s.ended_at, s.result, s.checks, s.state
from ivr_sessions s
where s.call = $1;

-- name: answers_of
-- What was answered on one call, in that order.
-- params: call
select question, status, value, facts, clip, language, at, offset_s, consent, said
from ivr_answers
where call = $1
order by place, at, question;

-- name: open_sessions
-- Calls that have not ended, for whoever takes over from a service that died.
-- params: since
select call, state, revision from ivr_sessions where started_at >= $1 and ended_at is null order by started_at;

-- name: interviews
-- Calls that came through a flow, by their beginning, each with its answers.
-- params: flow, version, since, until
select s.call, s.version, s.language, s.caller, s.attempt_id, s.started_at, s.ended_at, s.result, s.checks,
       s.state -> 'contact' as contact, a.answers
from ivr_sessions s
left join lateral (
    select jsonb_object_agg(
               x.question,
               jsonb_build_array(x.status, x.value, x.clip, x.language, extract(epoch from x.at), x.offset_s, x.consent)
           ) as answers
    from ivr_answers x
    where x.call = s.call
) a on true
where s.flow = $1 and s.version like $2 || '%' and s.started_at >= $3 and s.started_at < $4
order by s.started_at, s.call;

-- name: publish_version
-- A version of a flow, once and for ever.
-- params: flow, version, document
insert into ivr_versions (flow, version, document) values ($1, $2, $3) on conflict do nothing returning 1;

-- name: note_publication
-- It is current from now on.
-- params: flow, version, at, by
insert into ivr_publications (flow, version, at, published_by) values ($1, $2, $3, $4);

-- name: publications_of
-- When each version of a flow became current.
-- params: flow
select flow, version, at, published_by from ivr_publications where flow = $1 order by id;

-- name: flow_document
-- The version whose hash begins so; two rows when that is not one.
-- params: flow, beginning
select version, document from ivr_versions where flow = $1 and version like $2 || '%' order by version limit 2;

-- name: current_flow_document
-- The current version.
-- params: flow
select v.version, v.document
from ivr_publications p
join ivr_versions v on v.flow = p.flow and v.version = p.version
where p.flow = $1
order by p.id desc
limit 1;

-- name: published_flows
-- The current version of each flow, and how many calls it has had.
-- params:
with latest as (
    select distinct on (flow) flow, version, at, published_by from ivr_publications order by flow, id desc
)
select l.flow, l.version, l.at, l.published_by,
       (select count(distinct p.version) from ivr_publications p where p.flow = l.flow) as versions,
       c.calls, c.open, c.last_call_at
from latest l
cross join lateral (
    select count(*) as calls, count(*) filter (where ended_at is null) as open, max(started_at) as last_call_at
    from ivr_sessions s
    where s.flow = l.flow
) c
order by l.flow;

-- name: register_request
-- What a caller asked for; the same again is the same request.
-- params: once, kind, source, call, number, e164, now, due_at, queue, about, box, clip, seconds, words, detail
with known as (
    select reference from ivr_requests where once = $1
), fresh as materialized (
    select nextval(pg_get_serial_sequence('ivr_requests', 'id')) as id where not exists (select from known)
), added as (
    insert into ivr_requests (
        id, reference, once, kind, source, call, number, e164, requested_at, due_at, queue, about, box, clip, seconds, words,
        detail
    )
    overriding system value
    select id, spoken_reference(id), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 from fresh
    on conflict (once) do nothing
    returning reference
)
select reference, true as is_new from added union all select reference, false from known;

-- name: reference_of_request
-- Of a request that somebody else registered meanwhile.
-- params: once
select reference from ivr_requests where once = $1;

-- name: wait_for_the_gate
-- Nobody is in the gate from here to the end of the transaction. A statement of its own: the next one sees what they did.
-- params:
select pg_advisory_xact_lock(hashtextextended('fairdial gate', 0));

-- name: register_ivr_opt_out
-- The number goes onto the list, consent is taken back, its contact is blocked, the caller gets a reference.
-- params: once, call, number, e164, scope, now
with known as (
    select reference from ivr_requests where once = $1
), made_by as (
    select a.id as attempt_id, a.contact_id, a.campaign_id, coalesce(c.plan -> 'rules' ->> 'seller', '') as seller
    from ivr_sessions s
    -- a queue of callers calls nobody: whoever called us and asks for peace has it from all campaigns
    join attempts a on a.id = s.attempt_id and a.e164 = $4 and a.direction = 'outbound'
    join campaigns c on c.id = a.campaign_id
    where s.call = $2
), reach as (
    -- a campaign or a client that is not known is all of them: the caller is never left with less than was asked for
    select case when $5 = 'campaign' then (select campaign_id from made_by) end as campaign_id,
           case when $5 = 'client' then coalesce((select seller from made_by), '') else '' end as seller
), listed as (
    insert into do_not_call as old (e164, campaign_id, source, reason, added_at)
    select $4, r.campaign_id, 'IVR', 'asked for it in the flow (' || $5 || ')', $6::timestamptz
    from reach r
    where r.seller = ''
    union all
    select $4, c.id, 'IVR', 'asked for it in the flow (' || $5 || ')', $6
    from reach r
    join campaigns c on lower(trim(c.plan -> 'rules' ->> 'seller')) = lower(trim(r.seller))
    where r.seller <> ''
    on conflict (e164, kind, coalesce(campaign_id, 0)) do update set expires_at = null
    where old.expires_at is not null
), taken_back as (
    -- of one campaign alone consent is not taken back: other campaigns may rely on it
    insert into revocations (e164, seller, at, how, detail, attempt_id, added_by)
    select $4, r.seller, $6, 'key_press', 'in the flow, call ' || $2, (select attempt_id from made_by), 'the caller'
    from reach r
    where r.campaign_id is null
    on conflict (e164, seller, topic, at, how) do nothing
), unconsented as (
    update consents c
    set revoked_at = $6, revoked_how = 'key_press'
    from reach r
    where r.campaign_id is null and c.e164 = $4 and c.revoked_at is null and c.given_at <= $6
      and (r.seller = '' or lower(trim(c.seller)) = lower(trim(r.seller)))
), blocked as (
    update contacts c
    set state = 'blocked', due_at = null, because = 'asked in the flow not to be called'
    from made_by m
    where c.id = m.contact_id and c.state <> 'blocked'
), fresh as materialized (
    select nextval(pg_get_serial_sequence('ivr_requests', 'id')) as id where not exists (select from known)
), added as (
    insert into ivr_requests (
        id, reference, once, kind, source, call, number, e164, scope, requested_at, state, settled_at, settled_by
    )
    overriding system value
    select id, spoken_reference(id), $1, 'opt_out', 'flow', $2, $3, $4, $5, $6, 'done', $6, 'the service' from fresh
    returning reference
)
select reference, true as is_new from added union all select reference, false from known;

-- name: requests_of
-- What callers asked for, the one due first at the beginning.
-- params: kind, state, most
select id, reference, kind, source, call, number, e164, state, requested_at, settled_at, settled_by, problem, due_at, queue,
       about, box, clip, seconds, words, scope, detail
from ivr_requests
where ($1 = '' or kind = $1) and ($2 = '' or state = $2)
order by coalesce(due_at, requested_at), id
limit $3;

-- name: settle_request
-- It was done, or cannot be; no row when it is not open.
-- params: reference, state, by, problem, now
update ivr_requests set state = $2, settled_at = $5, settled_by = $3, problem = $4
where reference = $1 and state = 'open'
returning id;

-- name: inbound_routes_of
-- Those that may answer a number, or all of them where none is given, in the order in which they are tried.
-- params: e164
select id, e164, priority, closed, flow, zone, weekdays, hours, calendar, on_holiday, first_day, last_day, note, added_at,
       added_by
from inbound_routes
where $1 = '' or e164 in ($1, '*')
order by e164 = '*', e164, closed, priority desc, id;

-- name: set_inbound_route
-- A route takes the place of the one of the same number and priority.
-- params: e164, priority, closed, flow, zone, weekdays, hours, calendar, on_holiday, first_day, last_day, note, now, by
insert into inbound_routes as old (
    e164, priority, closed, flow, zone, weekdays, hours, calendar, on_holiday, first_day, last_day, note, added_at, added_by
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (e164, closed, priority) do update
set flow = excluded.flow, zone = excluded.zone, weekdays = excluded.weekdays, hours = excluded.hours,
    calendar = excluded.calendar, on_holiday = excluded.on_holiday, first_day = excluded.first_day,
    last_day = excluded.last_day, note = excluded.note, added_at = excluded.added_at, added_by = excluded.added_by
returning id, old.xmax = 0 as is_new;

-- name: remove_inbound_route
-- No row when there is none.
-- params: route_id
delete from inbound_routes where id = $1 returning id;
