-- Callers who wait in a queue for an agent: calls that came to us, beside those we made.

alter table attempts
    add column direction text not null default 'outbound' check (direction in ('outbound', 'inbound')),
    add column channel   text,     -- inbound: the exchange's own id of the caller's channel, by which it is found again
    add column session   text,     -- inbound: of ivr_sessions; what the caller had entered before waiting
    add column priority  smallint, -- inbound: in the queue; higher comes first
    drop constraint attempts_check2,
    drop constraint attempts_check4,
    add constraint attempts_dialled_or_inbound
        check (state in ('claimed', 'ended') or dialled_at is not null or direction = 'inbound'),
    add constraint attempts_ended_dialled_or_inbound
        check (disposition in ('refused', 'cancelled') or disposition is null or dialled_at is not null
               or direction = 'inbound'),
    -- whatever law counts dials counts by this, and never an inbound call
    add constraint attempts_inbound_never_dialled
        check (direction = 'outbound' or (dialled_at is null and answered_at is not null and channel is not null));

-- two people may call at once from one number; we call each contact once at a time
drop index attempts_one_open;
create unique index attempts_one_open on attempts (contact_id) where ended_at is null and direction = 'outbound';
-- the same caller beginning to wait at the same moment is the same call
create unique index attempts_of_channel on attempts (channel, claimed_at) where channel is not null;
create index attempts_of_session on attempts (session) where session is not null;

insert into dispositions (code, label_en, label_zh, answered, by_person, by_agent) values
    ('left_queue', 'Waited in vain', '排队未接通', true, true, false);
