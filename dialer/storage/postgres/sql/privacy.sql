-- name: calls_on_file
-- Every call to a number, with what its law was decided by and whether a hold is on it.
-- params: e164, today
select a.id, a.campaign_id, a.claimed_at, a.state, g.profiles,
       held($2, a.e164, a.id, a.campaign_id) as held
from attempts a
left join dial_grounds g on g.id = a.grounds_id
where a.e164 = $1
order by a.claimed_at, a.id;

-- name: recordings_on_file
-- The recordings of calls to a number that are still there.
-- params: e164
select r.id, r.attempt_id, r.name, r.state
from attempts a
join recordings r on r.attempt_id = a.id
where a.e164 = $1 and r.state <> 'purged'
order by r.started_at, r.id;

-- name: hold_on_number
-- Why a hold is on a number; null when none is.
-- params: e164, today
select held($2, $1) as why;

-- name: consents_on_file
-- The consents of a number with the days their keeping is counted from.
-- params: e164
select id, given_at, last_used_at from consents where e164 = $1 order by id;

-- name: requests_on_file
-- What a number asked for: not to be called, and consent taken back.
-- params: e164
select 'do_not_call' as what, id, added_at as at from do_not_call where e164 = $1 and kind <> 'prefix'
union all
select 'revocations', id, at from revocations where e164 = $1
order by what, id;

-- name: contacts_on_file
-- The contacts that have a number, and which other numbers they have.
-- params: e164
select c.id, c.state,
       array(select o.e164 from contact_numbers o where o.contact_id = c.id and o.e164 <> $1 order by o.position) as others
from campaigns k
join contact_numbers n on n.campaign_id = k.id and n.e164 = $1
join contacts c on c.id = n.contact_id
order by c.id;

-- name: begin_erasure
-- Note that somebody asked to be forgotten, and suppress the number from now on; one that is open goes on.
-- params: e164, by, now, answer_by
with key as (
    select suppression_hash($1, inner_pad, outer_pad) as hash from suppression_key
), suppressed as (
    insert into suppression_hashes (hash, since, why)
    select hash, $3, 'asked to be forgotten' from key
    on conflict (hash) do nothing
)
insert into erasures as old (hash, e164, asked_at, asked_by, answer_by, state)
select hash, $1, $3, $2, $4, 'running' from key
on conflict (e164) where e164 is not null do update set state = 'running'
returning id, asked_at, answer_by;

-- name: open_erasures
-- Those that are not done and have something to do by a day.
-- params: today
select id, e164, asked_at, answer_by
from erasures
where state = 'running' or (state = 'waiting' and (next_on is null or next_on <= $1))
order by id;

-- name: end_erasure
-- Done, and nothing of the number is left here; or waiting until more may go.
-- params: erasure_id, next_on, done, result, now
update erasures
set state = case when $3 then 'done' else 'waiting' end,
    e164 = case when $3 then null else e164 end,
    done_at = case when $3 then $5::timestamptz end,
    next_on = $2,
    result = $4
where id = $1
returning id;

-- name: erasures_of_hash
-- Every request to be forgotten that a number made.
-- params: e164
select e.asked_at, e.asked_by, e.answer_by, e.state, e.next_on, e.done_at
from suppression_key s
join erasures e on e.hash = suppression_hash($1, s.inner_pad, s.outer_pad)
order by e.id;

-- name: suppressed_among
-- Which of these numbers asked to be forgotten.
-- params: e164
select w.e164
from unnest($1::text[]) as w (e164)
cross join suppression_key s
join suppression_hashes h on h.hash = suppression_hash(w.e164, s.inner_pad, s.outer_pad)
where exists (select from suppression_hashes);

-- name: purge_recordings
-- The audio is destroyed; that there was a recording stays known.
-- params: recording_ids, why, now
update recordings set state = 'purged', purged_at = $3, purged_why = $2 where id = any ($1::uuid[]) returning id;

-- name: pseudonymise_attempts
-- Calls without the number: a pseudonym that nobody can turn back holds those of one person together.
-- params: attempt_ids, e164
with named as (
    select 'erased-' || left(encode(suppression_hash($2, inner_pad, outer_pad), 'hex'), 16) as pseudonym
    from suppression_key
), cleared as (
    update attempts a
    set e164 = n.pseudonym, note = '', debt = '', callback_at = null
    from named n
    where a.id = any ($1::uuid[])
    returning a.id
)
select id from cleared;

-- name: erase_refusals
-- Why a number was not called.
-- params: e164
delete from refusals where e164 = $1 returning id;

-- name: erase_contacts
-- Contacts lose the number and all that is known of the person, and are not called again.
-- params: e164
with found as (
    select n.id as number_id, n.contact_id
    from campaigns k
    join contact_numbers n on n.campaign_id = k.id and n.e164 = $1
), emptied as (
    update contacts c
    set name = '', language = '', attributes = '{}', external_id = null, state = 'blocked', due_at = null,
        because = 'asked to be forgotten'
    from found f
    where c.id = f.contact_id
), gone as (
    delete from contact_numbers n using found f where n.id = f.number_id
)
select contact_id from found;

-- name: erase_consents
-- Records of consent that need not be kept.
-- params: consent_ids
delete from consents where id = any ($1::bigint[]) returning id;

-- name: erase_revocations
-- Records of consent taken back that need not be kept.
-- params: revocation_ids
delete from revocations where id = any ($1::bigint[]) returning id;

-- name: erase_do_not_call
-- Entries that the suppression hash takes the place of.
-- params: entry_ids
delete from do_not_call where id = any ($1::bigint[]) returning id;

-- name: erase_reassigned_answers
-- What was asked of a number.
-- params: e164
delete from reassigned_answers where e164 = $1 returning id;

-- name: add_hold
-- A legal hold on one number, one call or one campaign.
-- params: e164, attempt_id, campaign_id, why, by, now, until
insert into legal_holds (e164, attempt_id, campaign_id, why, begun_by, begun_at, until)
values ($1, $2, $3, $4, $5, $6, $7)
returning id;

-- name: release_hold
-- What it held follows the usual rules again; no row when there is no such hold in force.
-- params: hold_id, by, now
update legal_holds set released_at = $3, released_by = $2 where id = $1 and released_at is null returning id;

-- name: all_holds
-- Every hold, those in force first.
-- params:
select id, e164, attempt_id, campaign_id, why, begun_by, begun_at, until, released_at, released_by
from legal_holds
order by released_at is not null, id;

-- name: file_on_number
-- All that is held of a number, as documents by kind.
-- params: e164
with called as (
    select * from attempts where e164 = $1
), people as (
    select n.contact_id
    from campaigns k
    join contact_numbers n on n.campaign_id = k.id and n.e164 = $1
)
select 'contacts' as what, to_jsonb(c) as document from contacts c where c.id in (select contact_id from people)
union all
select 'numbers', to_jsonb(n) from contact_numbers n where n.contact_id in (select contact_id from people)
union all
select 'calls', to_jsonb(a) || jsonb_build_object('rules', to_jsonb(g))
from called a
left join dial_grounds g on g.id = a.grounds_id
union all
select 'events', to_jsonb(e) from call_events e where e.attempt_id in (select id from called)
union all
select 'recordings', to_jsonb(r) from recordings r where r.attempt_id in (select id from called)
union all
select 'refusals', to_jsonb(r) from refusals r where r.e164 = $1
union all
select 'flow_calls', to_jsonb(s) from ivr_sessions s where s.e164 = $1
union all
select 'flow_answers', to_jsonb(x) from ivr_answers x where x.call in (select call from ivr_sessions where e164 = $1)
union all
select 'flow_requests', to_jsonb(q)
from ivr_requests q
where q.e164 = $1 or (q.call <> '' and q.call in (select call from ivr_sessions where e164 = $1))
union all
select 'consents', to_jsonb(c) from consents c where c.e164 = $1
union all
select 'revocations', to_jsonb(r) from revocations r where r.e164 = $1
union all
select 'do_not_call', to_jsonb(d) from do_not_call d where d.e164 = $1
union all
select 'reassigned_answers', to_jsonb(r) from reassigned_answers r where r.e164 = $1
union all
select 'holds', to_jsonb(h) from legal_holds h where h.e164 = $1 or h.attempt_id in (select id from called)
union all
select 'reviews', to_jsonb(v) from verdict_reviews v where v.attempt_id in (select id from called)
union all
select 'erasures', to_jsonb(e) - 'hash' - 'e164'
from suppression_key s
join erasures e on e.hash = suppression_hash($1, s.inner_pad, s.outer_pad)
union all
select 'audit', to_jsonb(u)
from audit u
where u.subject in (select id::text from called) or u.subject in (select contact_id::text from people) and u.action like 'contact.%';

-- name: flow_calls_on_file
-- Calls of a number in the IVR, and requests that name it without a call.
-- params: e164, today
select s.call, s.started_at as at,
       s.ended_at is not null or s.updated_at < $2::date - interval '1 day' as ended, -- no call lasts a day: its service died
       exists (select from ivr_answers x where x.call = s.call and x.consent and x.status = 'answered') as consent,
       array(
           select clip from ivr_answers x where x.call = s.call and clip <> ''
           union
           select clip from ivr_requests q where q.call = s.call and clip not in ('', 'erased')
       ) as clips,
       held_in_flow($2, $1, s.attempt_id, s.call) as held
from ivr_sessions s
where s.e164 = $1
union all
select 'request ' || q.reference, q.requested_at, true, false,
       case when q.clip not in ('', 'erased') then array[q.clip] else '{}' end, held($2, $1)
from ivr_requests q
where q.e164 = $1 and not exists (select from ivr_sessions s where s.call = q.call and s.e164 = $1)
order by at, call;

-- name: forget_flow_clips
-- Recordings that are no longer there, by the calls (or requests) that had them.
-- params: calls, clips
with answers as (
    update ivr_answers x
    set clip = '', value = case when x.value = to_jsonb(x.clip) then null else x.value end
    where x.call = any ($1::text[]) and x.clip = any ($2::text[]) and x.clip <> ''
)
update ivr_requests q
set clip = case when kind = 'voicemail' then 'erased' else '' end
where q.clip = any ($2::text[]) and q.clip not in ('', 'erased')
  and (q.call = any ($1::text[]) or 'request ' || q.reference = any ($1::text[]))
returning q.id;

-- name: erase_flow_calls
-- What was said on calls in the IVR goes; codes and figures stay under a pseudonym that nobody can turn back.
-- params: calls, e164
with named as (
    select 'erased-' || left(encode(suppression_hash($2, inner_pad, outer_pad), 'hex'), 16) as pseudonym
    from suppression_key
), answers as (
    update ivr_answers x
    set clip = '', said = '', value = case when x.value = to_jsonb(x.clip) then null else x.value end
    where x.call = any ($1::text[])
), requests as (
    update ivr_requests q
    set number = '', e164 = null, about = '', clip = case when kind = 'voicemail' then 'erased' else '' end,
        words = case when kind = 'sms' then 'erased' else '' end, detail = '{}', gateway_id = '',
        -- what waits to be sent or called cannot be any more
        problem = case when state = 'open' then 'erased' else '' end,
        settled_by = case when state = 'open' then 'the service' else settled_by end,
        settled_at = coalesce(settled_at, current_timestamp), state = case when state = 'open' then 'failed' else state end
    where q.call = any ($1::text[]) or 'request ' || q.reference = any ($1::text[])
    returning q.id
), sessions as (
    update ivr_sessions s
    set caller = n.pseudonym, called = '', e164 = null, state = '{}'
    from named n
    where s.call = any ($1::text[])
    returning s.call
)
select call as gone from sessions union all select id::text from requests;
