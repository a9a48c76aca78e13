-- name: add_do_not_call
-- Add entries; one that exists is only ever prolonged, and keeps its first source unless it had expired.
-- params: e164, campaign_ids, sources, reasons, added_at, expires_at, kinds, channels
insert into do_not_call as old (e164, campaign_id, source, reason, added_at, expires_at, kind, channel)
select *
from unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[]
)
on conflict (e164, kind, coalesce(campaign_id, 0)) do update
set source = case when old.expires_at <= excluded.added_at then excluded.source else old.source end,
    reason = case when old.expires_at <= excluded.added_at then excluded.reason else old.reason end,
    added_at = case when old.expires_at <= excluded.added_at then excluded.added_at else old.added_at end,
    expires_at = excluded.expires_at,
    channel = excluded.channel
where old.expires_at < coalesce(excluded.expires_at, 'infinity')
returning old.xmax = 0 as is_new;

-- name: remove_do_not_call
-- Remove one entry; campaign 0 is every campaign.
-- params: e164, campaign_id, kind
delete from do_not_call where e164 = $1 and coalesce(campaign_id, 0) = $2 and kind = $3 returning id;

-- name: do_not_call_of
-- Every entry of a number and of its prefixes, expired ones too.
-- params: e164
select e164, campaign_id, source, reason, added_at, expires_at, kind, channel
from do_not_call
where e164 = $1
   or (kind = 'prefix' and e164 = any (array(select left($1, digits) from generate_series(2, length($1)) digits)))
order by added_at, id;

-- name: do_not_call_page
-- Entries of one kind after one of them, by number.
-- params: kind, after, most
select e164, campaign_id, source, reason, added_at, expires_at, kind, channel
from do_not_call
where kind = $1 and e164 > $2
order by e164, id
limit $3;

-- name: do_not_call_among
-- Every entry of several numbers, expired ones too.
-- params: e164s
select e164, campaign_id, source, reason, added_at, expires_at, kind, channel
from do_not_call
where e164 = any ($1::text[])
order by e164, added_at, id;

-- name: count_do_not_call
-- How many entries there are.
-- params:
select count(*) from do_not_call;
