-- The abandonment ledger: what the class of a live answer is worked out from, and cannot be told from the call otherwise.
-- No class is stored: it is a function of these, so that it can be worked out again when a rule has changed.

alter table attempts
    add column greeting_start_at timestamptz,
    add column greeting_end_at   timestamptz,
    add column optout_at         timestamptz, -- the key that ends all calls was pressed
    add column sent_to           text check (sent_to in ('ivr', 'hold', 'message')), -- in place of an agent
    add column machine_verdict   text check (machine_verdict in ('person', 'machine')); -- of a detector

-- a person has heard the call and says who answered it: the evidence for the estimate of false positives
create table verdict_reviews (
    attempt_id  uuid        primary key references attempts on delete cascade,
    answered_by text        not null check (answered_by in ('person', 'machine')),
    reviewed_by text        not null,
    reviewed_at timestamptz not null,
    note        text        not null default ''
);
