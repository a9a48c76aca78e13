-- name: begin_list
-- A list that is about to be read.
-- params: campaign_id, source, now
insert into contact_lists (campaign_id, source, imported_at)
select id, $2, $3 from campaigns where id = $1
returning id;

-- name: finish_list
-- Note what a list brought.
-- params: list_id, rows_read, rows_taken, rows_refused
update contact_lists set rows_read = $2, rows_taken = $3, rows_refused = $4 where id = $1 returning id;

-- name: lock_lists
-- One import at a time into a campaign, until the transaction ends: so duplicates can be looked up and not collided with.
-- params: campaign_id
select pg_advisory_xact_lock(('x4661697200000000'::bit(64)::bigint) # $1);

-- name: known_numbers
-- Which of these numbers the campaign has, and from which list.
-- params: campaign_id, e164
select n.e164, c.list_id
from contact_numbers n
join contacts c on c.id = n.contact_id
where n.campaign_id = $1 and n.e164 = any ($2::text[]);

-- name: known_external_ids
-- Which of these the campaign has, and from which list.
-- params: campaign_id, external_ids
select external_id, list_id
from contacts
where campaign_id = $1 and external_id = any ($2::text[]);

-- name: reserve_contact_ids
-- Identifiers for contacts that COPY will write.
-- params: contacts
select nextval(pg_get_serial_sequence('contacts', 'id')) as id from generate_series(1, $1::int);

-- name: contact_page
-- Contacts of a campaign after one of them, by identifier.
-- params: campaign_id, after_id, most
select c.id, c.campaign_id, c.name, c.state, c.due_at, c.attempts, c.because,
       array(select n.e164 from contact_numbers n where n.contact_id = c.id order by n.position) as numbers
from contacts c
where c.campaign_id = $1 and c.id > $2
order by c.id
limit $3;

-- name: contact_page_in_state
-- The same, of one state only.
-- params: campaign_id, after_id, most, state
select c.id, c.campaign_id, c.name, c.state, c.due_at, c.attempts, c.because,
       array(select n.e164 from contact_numbers n where n.contact_id = c.id order by n.position) as numbers
from contacts c
where c.campaign_id = $1 and c.id > $2 and c.state = $4
order by c.id
limit $3;

-- name: contact_by_id
-- One contact.
-- params: contact_id
select c.id, c.campaign_id, c.name, c.state, c.due_at, c.attempts, c.because,
       array(select n.e164 from contact_numbers n where n.contact_id = c.id order by n.position) as numbers
from contacts c
where c.id = $1;

-- name: lock_contact
-- The state of a contact, which nobody else can move until the transaction ends.
-- params: contact_id
select state from contacts where id = $1 for no key update;

-- name: move_contact
-- Write the next state of a locked contact.
-- params: contact_id, state, due_at, because
update contacts set state = $2, due_at = $3, because = $4 where id = $1;
