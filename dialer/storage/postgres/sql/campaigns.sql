-- name: all_campaigns
-- Every campaign, oldest first.
-- params:
select id, state, plan, started_at from campaigns order by id;

-- name: campaign_by_id
-- One campaign.
-- params: campaign_id
select id, state, plan, started_at from campaigns where id = $1;

-- name: campaign_by_name
-- One campaign.
-- params: name
select id, state, plan, started_at from campaigns where name = $1;

-- name: create_campaign
-- A new campaign in state draft; no row when the name is taken.
-- params: name, plan, now
insert into campaigns (name, plan, created_at)
values ($1, $2, $3)
on conflict (name) do nothing
returning id;

-- name: change_plan
-- Replace the plan, and with it the name.
-- params: campaign_id, name, plan
update campaigns set name = $2, plan = $3 where id = $1 returning id;

-- name: lock_campaign
-- The state of a campaign, which nobody else can move until the transaction ends.
-- params: campaign_id
select state from campaigns where id = $1 for no key update;

-- name: move_campaign
-- Write the next state of a locked campaign; an end is forgotten when it starts again.
-- params: campaign_id, state, now
update campaigns
set state = $2,
    started_at = coalesce(started_at, $3),
    ended_at = case when $2 in ('stopped', 'finished') then $3::timestamptz end
where id = $1;

-- name: count_contacts
-- Contacts by state, and what is due.
-- params: campaign_id, now
select state,
       count(*) as contacts,
       count(*) filter (where due_at <= $2) as due_now,
       min(due_at) filter (where due_at > $2) as next_due_at
from contacts
where campaign_id = $1
group by state;

-- name: count_outcomes
-- Ended attempts by disposition.
-- params: campaign_id
select disposition, count(*) as attempts
from attempts
where campaign_id = $1 and disposition is not null
group by disposition;

-- name: campaign_is_exhausted
-- Whether there are contacts and none has an attempt to come or open. Each part is answered by one index entry.
-- params: campaign_id
select exists (select from contacts where campaign_id = $1)
   and not exists (select from contacts where campaign_id = $1 and state = 'ready')
   and not exists (select from attempts where campaign_id = $1 and ended_at is null);
