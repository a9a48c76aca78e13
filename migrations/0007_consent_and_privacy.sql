-- Consent and its end, what must be kept and for whom, what is left of somebody who asked to be forgotten, and what was said
-- before a conversation was recorded.

create table consents (
    id           bigint generated always as identity primary key,
    e164         text        not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    seller       text        not null default '', -- in whose favour; '': the house's own
    topic        text        not null default '', -- '': every topic of this seller
    kind         text        not null check (kind in ('express', 'written')),
    given_at     timestamptz not null,
    source       text        not null check (source <> ''), -- where it was given: a form, a shop, a call
    wording      text        not null default '', -- what the person agreed to, word for word
    proof        text        not null default '', -- where the evidence lies
    lifts_hours  boolean     not null default false, -- the person asked to be called at such hours
    expires_at   timestamptz,
    revoked_at   timestamptz,
    revoked_how  text        check (revoked_how in ('key_press', 'agent', 'api', 'list')),
    last_used_at timestamptz, -- the last call that relied on it
    added_at     timestamptz not null,
    added_by     text        not null,
    check (expires_at is null or expires_at > given_at),
    check ((revoked_at is null) = (revoked_how is null))
);
create index consents_of_number on consents (e164);
-- one record of one grant: the same row of a list read twice is not a second consent
create unique index consents_once on consents (e164, seller, topic, kind, given_at);

create table revocations (
    id         bigint generated always as identity primary key,
    e164       text        not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    seller     text        not null default '', -- '': of every seller
    topic      text        not null default '', -- '': of every topic
    at         timestamptz not null,
    how        text        not null check (how in ('key_press', 'agent', 'api', 'list')),
    detail     text        not null default '',
    attempt_id uuid        references attempts on delete set null,
    added_by   text        not null
);
create index revocations_of_number on revocations (e164);
create unique index revocations_once on revocations (e164, seller, topic, at, how);

-- what the Reassigned Numbers Database answered (47 CFR 64.1200(m))
create table reassigned_answers (
    id         bigint generated always as identity primary key,
    e164       text        not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    answer     text        not null check (answer in ('yes', 'no', 'no_data')),
    asked_at   timestamptz not null,
    consent_on date        not null, -- the date that was asked about
    added_by   text        not null
);
create index reassigned_answers_of_number on reassigned_answers (e164, asked_at desc);

create table legal_holds (
    id          bigint generated always as identity primary key,
    e164        text        check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    attempt_id  uuid,   -- of attempts; a hold that was released outlives what it held
    campaign_id bigint      references campaigns,
    why         text        not null check (why <> ''),
    begun_by    text        not null,
    begun_at    timestamptz not null,
    until       date,       -- null: until it is released
    released_at timestamptz,
    released_by text,
    check (num_nonnulls(e164, attempt_id, campaign_id) = 1),
    check ((released_at is null) = (released_by is null))
);
create index legal_holds_in_force on legal_holds (begun_at) where released_at is null;

-- What is left of an erased number: HMAC-SHA-256 under a key of this database, so that who has the hashes alone cannot try all
-- numbers. The key is the two padded blocks of RFC 2104: with them HMAC is two sha256() of Postgres' own. It lives here and not
-- in the settings because a lost key would call everybody again who asked to be forgotten.
create table suppression_key (
    only_one  boolean primary key default true check (only_one),
    inner_pad bytea   not null check (length(inner_pad) = 64),
    outer_pad bytea   not null check (length(outer_pad) = 64)
);

do $$
declare
    secret bytea := sha256(convert_to(gen_random_uuid()::text || gen_random_uuid() || gen_random_uuid(), 'UTF8'))
                    || decode(repeat('00', 32), 'hex');
    inside bytea := secret;
    outside bytea := secret;
begin
    for i in 0 .. 63 loop
        inside := set_byte(inside, i, get_byte(secret, i) # 54); -- 0x36
        outside := set_byte(outside, i, get_byte(secret, i) # 92); -- 0x5c
    end loop;
    insert into suppression_key (inner_pad, outer_pad) values (inside, outside);
end $$;

-- simple enough to be inlined: a statement that joins suppression_key once pays two sha256 and one look-up for each number
create function suppression_hash(e164 text, inner_pad bytea, outer_pad bytea) returns bytea
language sql immutable parallel safe
return sha256(outer_pad || sha256(inner_pad || decode(e164, 'escape')));

create table suppression_hashes (
    hash  bytea       primary key check (length(hash) = 32),
    since timestamptz not null,
    why   text        not null default ''
);

-- A request to be forgotten (GDPR Art. 17, PIPL Art. 47). `e164` stays until nothing of it has to be kept any more.
create table erasures (
    id        bigint generated always as identity primary key,
    hash      bytea       not null,
    e164      text,
    asked_at  timestamptz not null,
    asked_by  text        not null,
    answer_by date        not null, -- GDPR Art. 12(3): one month
    state     text        not null check (state in ('running', 'waiting', 'done')),
    next_on   date,       -- waiting: the first day on which more may go
    done_at   timestamptz,
    result    jsonb       not null default '{}',
    check ((state = 'done') = (e164 is null)),
    check ((state = 'done') = (done_at is not null))
);
create unique index erasures_open on erasures (e164) where e164 is not null;

create table retention_runs (
    id         bigint generated always as identity primary key,
    started_at timestamptz not null,
    ended_at   timestamptz,
    run_by     text        not null,
    purged     jsonb       not null default '{}', -- how many, by class
    kept       jsonb       not null default '{}', -- due by age, but held
    problem    text        not null default ''
);

create index refusals_of_number on refusals (e164);

alter table recordings
    add column announced_at timestamptz, -- the called person was told before it began
    add column announcement text        not null default '',
    add column silences     jsonb       not null default '[]', -- [{"from_ms", "to_ms", "by"}], of the recording's own time
    add column ends_ms      integer, -- nothing after this may be kept: a pause was asked for and not acknowledged
    add column purged_at    timestamptz,
    add column purged_why   text        not null default '',
    drop constraint recordings_state_check,
    add constraint recordings_state_check check (state in ('running', 'landed', 'stored', 'failed', 'purged'));

-- the gate decides by these too: see the function
create trigger consents_changed after insert or delete or update of revoked_at, expires_at on consents
    for each statement execute function wait_for_the_gate();
create trigger revocations_changed after insert or delete on revocations
    for each statement execute function wait_for_the_gate();
create trigger reassigned_answers_changed after insert or delete on reassigned_answers
    for each statement execute function wait_for_the_gate();
create trigger suppression_hashes_changed after insert or delete on suppression_hashes
    for each statement execute function wait_for_the_gate();
