-- name: take_caller
-- A caller who waits in a queue, with the contact of the number; the same channel and moment are the same attempt.
-- params: campaign_id, e164, zones, runner_id, channel, session, priority, now
with already as (
    select id, contact_id, number_id from attempts where channel = $5 and claimed_at = $8
), found as (
    select n.id as number_id, n.contact_id from contact_numbers n where n.campaign_id = $1 and n.e164 = $2
), made as (
    insert into contacts (campaign_id, state, because)
    select $1, 'done', 'called us'
    where not exists (select from already) and not exists (select from found)
    returning id
), numbered as (
    insert into contact_numbers (contact_id, campaign_id, position, e164, zones)
    select id, $1, 1, $2, $3 from made where $2 <> ''
    returning id as number_id, contact_id
), person as (
    select contact_id, number_id from found
    union all
    select contact_id, number_id from numbered
    union all
    select id, 0 from made where $2 = ''
), opened as (
    insert into attempts (campaign_id, contact_id, number_id, e164, runner_id, state, claimed_at, due_at, answered_at,
                          direction, channel, session, priority)
    select $1, contact_id, number_id, $2, $4, 'waiting', $8, $8, $8, 'inbound', $5, $6, $7
    from person
    where not exists (select from already)
    returning id, contact_id, number_id
), taken as (
    select id, contact_id, number_id from already
    union all
    select id, contact_id, number_id from opened
), linked as (
    update ivr_sessions s set attempt_id = t.id
    from taken t
    where s.call = $6
    returning s.called, s.language, s.state
)
select t.id as attempt_id, $1::bigint as campaign_id, t.contact_id, t.number_id, $2::text as e164,
       case when c.zone is null then $3::text[] else array[c.zone] end as zones,
       coalesce(c.attempts, 0) as attempts, coalesce(c.tally, '{}') as tally, 0 as other_numbers,
       s.source as list_name, s.imported_at, l.called, l.language, l.state as entered,
       coalesce(c.name, '') as name
from taken t
left join contacts c on c.id = t.contact_id -- not the one that was made just now
left join contact_lists s on s.id = c.list_id
left join linked l on true;
