-- The gate: what each dial was decided by, whom it refused and why, lists of our own beyond single numbers, and the numbers
-- that may be shown as caller ID.

-- number: never call it. prefix: no number that begins so. complaint: who complained. sensitive: a customer who is to be
-- reached in another way, which `channel` names.
alter table do_not_call
    add column kind    text not null default 'number' check (kind in ('number', 'prefix', 'complaint', 'sensitive')),
    add column channel text not null default '',
    drop constraint do_not_call_e164_check,
    add constraint do_not_call_e164_check
        check (e164 ~ case kind when 'prefix' then '^\+[1-9][0-9]{0,14}$' else '^\+[1-9][0-9]{6,14}$' end),
    add check (channel = '' or kind = 'sensitive');
drop index do_not_call_once;
create unique index do_not_call_once on do_not_call (e164, kind, coalesce(campaign_id, 0));
create index do_not_call_prefixes on do_not_call (e164) where kind = 'prefix';

create table caller_ids (
    e164     text        primary key check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    proof    text        not null default '', -- where the evidence of the right to use it lies; '': there is none
    note     text        not null default '',
    added_by text        not null,
    added_at timestamptz not null
);

-- What a dial was decided by. The id is made from the contents, so that the same grounds are one row for ever.
create table dial_grounds (
    id         uuid    primary key,
    profiles   text[]  not null, -- ids, of those that matched
    rulebook   text    not null, -- SHA-256 of the rulebook
    registries jsonb   not null, -- version of each registry that was asked
    purposes   text[]  not null,
    voice      text    not null,
    subject    text    not null,
    seller     text    not null,
    detector   boolean not null  -- it was listened to for machines
);

-- no foreign keys here for the same reason as above: each would cost every claim
alter table attempts
    add column grounds_id uuid,   -- of dial_grounds; null: dialled before there were any, or not dialled
    add column debt       text    not null default '', -- the debt a collection call was about
    add column consent_id bigint; -- of consents; null: it relied on none
create index attempts_of_number on attempts (e164, claimed_at);

-- the same person in another campaign is found by the number the house has for them
drop index contacts_external;
create unique index contacts_external on contacts (external_id, campaign_id) where external_id is not null;

-- Why contacts were not called. The same refusal again, with none other between, is counted on the same row.
create table refusals (
    id          bigint generated always as identity primary key,
    contact_id  bigint      not null references contacts on delete cascade,
    campaign_id bigint      not null,
    e164        text        not null,
    reason      text        not null,
    profile     text        not null default '', -- '': no profile, but the campaign or this product
    citation    text        not null default '',
    because     text        not null,
    until       timestamptz, -- when it may be dialled; null: when data changes
    first_at    timestamptz not null,
    last_at     timestamptz not null,
    times       integer     not null default 1 check (times >= 1)
) with (fillfactor = 80);
create index refusals_of_contact on refusals (contact_id, id);
create index refusals_of_campaign on refusals (campaign_id, last_at);

-- The gate decides under this lock, and whoever changes what it decides by waits for it before committing: every dial that is
-- committed after such a change has seen it. The lock is taken when the statement has done its work, so that nobody who
-- writes much holds up the gate for longer than a commit.
create function wait_for_the_gate() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('fairdial gate', 0));
    return null;
end $$;
create trigger do_not_call_changed after insert or update or delete on do_not_call
    for each statement execute function wait_for_the_gate();
create trigger caller_ids_changed after insert or update or delete on caller_ids
    for each statement execute function wait_for_the_gate();
create trigger campaigns_moved after update of state, plan on campaigns
    for each statement execute function wait_for_the_gate();
