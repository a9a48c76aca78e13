-- name: take_texts
-- Text messages that are due, in hand until a moment after which anybody may take them again.
-- params: now, in_hand_until, most
with due as (
    select id
    from ivr_requests
    where kind = 'sms' and state = 'open' and coalesce(next_try_at, requested_at) <= $1
    order by coalesce(next_try_at, requested_at), id
    limit $3
    for update skip locked
)
update ivr_requests r
set next_try_at = $2, tries = r.tries + 1
from due
where r.id = due.id
returning r.id, r.reference, r.call, coalesce(r.e164, '') as e164, r.words, r.tries, r.requested_at, r.send_by;

-- name: entry_against_text
-- The entry of our own lists for which this number is written no message now; no row when there is none.
-- params: e164, call, now
select d.kind, d.campaign_id, d.added_at
from do_not_call d
left join ivr_sessions s on s.call = $2
left join attempts a on a.id = s.attempt_id
where (
        d.kind <> 'prefix' and d.e164 = $1
        or d.kind = 'prefix' and d.e164 = any (array(select left($1, digits) from generate_series(2, length($1)) digits))
    )
  and (d.expires_at is null or d.expires_at > $3)
  and (d.campaign_id is null or d.campaign_id = a.campaign_id)
  -- whoever is listed as not to be called, calls us after that and asks for a message to that very number, wants this one
  and not coalesce(d.kind = 'number' and s.e164 = $1 and d.added_at < s.started_at, false)
order by d.added_at desc, d.id
limit 1;

-- name: text_sent
-- The gateway has taken it; no row when somebody else has it in hand by now, or it is settled.
-- params: id, tries, gateway_id, now
update ivr_requests
set state = 'done', settled_at = $4, settled_by = 'the service', problem = '', gateway_id = $3, next_try_at = null
where id = $1 and tries = $2 and state = 'open'
returning id;

-- name: text_failed
-- It will not be sent; no row as above.
-- params: id, tries, problem, now
update ivr_requests
set state = 'failed', settled_at = $4, settled_by = 'the service', problem = $3, next_try_at = null
where id = $1 and tries = $2 and state = 'open'
returning id;

-- name: text_put_off
-- It is tried again; no row as above.
-- params: id, tries, problem, at
update ivr_requests set problem = $3, next_try_at = $4 where id = $1 and tries = $2 and state = 'open' returning id;

-- name: texts_waiting
-- How many wait, and since when the first of them.
-- params:
select count(*) as waiting, min(requested_at) as since from ivr_requests where kind = 'sms' and state = 'open';

-- name: texts_of
-- Text messages, the newest first.
-- params: state, most
select reference, number, words, state, tries, requested_at, next_try_at, settled_at, problem, gateway_id
from ivr_requests
where kind = 'sms' and ($1 = '' or state = $1)
order by id desc
limit $2;

-- name: retry_texts
-- Failed ones are sent again, from the first try on; without references all that failed since.
-- params: references, since, now, send_by
update ivr_requests
set state = 'open', settled_at = null, settled_by = '', tries = 0, next_try_at = $3, send_by = $4
where kind = 'sms' and state = 'failed' and e164 is not null
  and (reference = any ($1::text[]) or cardinality($1::text[]) = 0 and requested_at >= $2)
returning reference;
