-- The IVR's memory: published flows, what is known of each call between two steps, what was answered, what callers asked for,
-- and which flow answers which number when.

create table ivr_versions (
    flow     text  not null check (flow ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$'),
    version  text  not null,
    document bytea not null, -- canonical JSON; bytes, because the hash is of these
    primary key (flow, version),
    check (version = encode(sha256(document), 'hex'))
);

-- a version that is published again is current again: the last row of a flow is
create table ivr_publications (
    id           bigint generated always as identity primary key,
    flow         text        not null,
    version      text        not null,
    at           timestamptz not null,
    published_by text        not null default '',
    foreign key (flow, version) references ivr_versions
);
create index ivr_publications_of_flow on ivr_publications (flow, id);

create table ivr_sessions (
    call       text        primary key check (call <> '' and length(call) <= 200),
    flow       text        not null,
    version    text        not null,
    language   text        not null,
    caller     text        not null default '', -- the other side, as the network wrote it
    called     text        not null default '',
    e164       text,       -- the caller, where that is a number: by this a person's calls are found
    attempt_id uuid,       -- of attempts, for calls of a campaign; no foreign key: a session outlives what made it
    node       text        not null,
    state      jsonb       not null, -- format 1 of the engine; {} once it is erased
    revision   integer     not null check (revision >= 1), -- who saves must have read the one before
    started_at timestamptz not null,
    updated_at timestamptz not null,
    ended_at   timestamptz,
    result     text        check (result <> ''), -- done, hung_up, transferred, no_answer, error, or the flow's own word
    checks     jsonb       not null default '{}', -- the flow's conditions at the end: met or not
    check ((ended_at is null) = (result is null)),
    check (updated_at >= started_at)
) with (fillfactor = 60); -- a step changes no indexed column: it stays on its page
create index ivr_sessions_of_flow on ivr_sessions (flow, started_at);
create index ivr_sessions_of_number on ivr_sessions (e164, started_at) where e164 is not null;
create index ivr_sessions_of_attempt on ivr_sessions (attempt_id) where attempt_id is not null;
create index ivr_sessions_by_time on ivr_sessions (started_at);

-- One row for each question that was settled. The first answer stands: a step delivered twice changes nothing.
create table ivr_answers (
    call     text        not null references ivr_sessions on delete cascade,
    question text        not null,
    place    smallint    not null, -- the how-manieth of its call
    status   text        not null check (status in ('answered', 'refused', 'no_answer', 'cut_off', 'not_asked')),
    value    jsonb,      -- code, list of codes, number; null when there is none
    facts    jsonb       not null default '{}', -- what the option says besides
    clip     text        not null default '', -- the recording of the caller's own words
    language text        not null,
    at       timestamptz not null,
    offset_s real        not null check (offset_s >= 0), -- seconds into the call: where it is heard in the call's recording
    consent  boolean     not null default false,
    said     text        not null default '', -- of a consent: the words it was given to
    primary key (call, question),
    check (status = 'answered' or value is null)
);
create index ivr_answers_with_clip on ivr_answers (question, call) where clip <> '';

-- A short number that a caller can write down: an id of at least five digits and Luhn's check digit, which finds a wrong or
-- swapped digit.
create function spoken_reference(id bigint) returns text language sql immutable strict parallel safe as $$
    with digits as (
        select lpad(id::text, greatest(5, length(id::text)), '0') as written
    )
    select written || (
        select (10 - sum(case when (length(written) - nth) % 2 = 0 then doubled / 10 + doubled % 10 else digit end) % 10) % 10
        from (
            select nth, substr(written, nth, 1)::integer as digit, 2 * substr(written, nth, 1)::integer as doubled
            from generate_series(1, length(written)) nth
        ) each_digit
    )::text
    from digits
$$;

-- What callers asked for. `once` is made from the request itself, so that a step carried out twice after a crash is one request.
create table ivr_requests (
    id           bigint generated always as identity primary key,
    reference    text        not null unique, -- what the caller was told
    once         text        not null unique,
    kind         text        not null check (kind in ('callback', 'voicemail', 'opt_out', 'sms')),
    source       text        not null check (source in ('flow', 'fallback')), -- fallback: taken while the service was away
    call         text        not null default '', -- of ivr_sessions
    number       text        not null default '', -- as it was given
    e164         text,       -- where that is a number
    state        text        not null default 'open' check (state in ('open', 'done', 'failed')),
    requested_at timestamptz not null,
    settled_at   timestamptz,
    settled_by   text        not null default '',
    problem      text        not null default '',
    due_at       timestamptz, -- callback: not before; null: as soon as possible
    queue        text        not null default '',
    about        text        not null default '',
    box          text        not null default '', -- voicemail
    clip         text        not null default '',
    seconds      real        check (seconds >= 0),
    words        text        not null default '', -- sms
    scope        text        check (scope in ('campaign', 'client', 'marketing', 'all')), -- opt_out: what was asked for
    detail       jsonb       not null default '{}', -- what the fallback noted besides
    check ((kind = 'opt_out') = (scope is not null)),
    check (kind <> 'voicemail' or (box <> '' and clip <> '')),
    check (kind <> 'sms' or words <> ''),
    check ((state = 'open') = (settled_at is null))
);
create index ivr_requests_open on ivr_requests (kind, coalesce(due_at, requested_at)) where state = 'open';
create index ivr_requests_of_number on ivr_requests (e164) where e164 is not null;
create index ivr_requests_of_call on ivr_requests (call) where call <> '';
create index ivr_requests_by_time on ivr_requests (requested_at);

-- Which flow answers a number, and when. The route of highest priority that fits answers; `closed` answers when none does.
create table inbound_routes (
    id         bigint generated always as identity primary key,
    e164       text        not null check (e164 = '*' or e164 ~ '^\+[1-9][0-9]{2,14}$'), -- *: any number without routes of its own
    priority   integer     not null default 0 check (priority between -1000 and 1000),
    closed     boolean     not null default false,
    flow       text        not null check (flow ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$'),
    zone       text        not null,
    weekdays   smallint[]  not null default '{}', -- Monday is 0; {}: every day
    hours      text[]      not null default '{}', -- 09:00-18:00; 22:00-06:00 goes on into the next day; {}: all day
    calendar   text        not null default '', -- whose public holidays: US, US-LA, CN
    on_holiday text        not null default 'any' check (on_holiday in ('any', 'only', 'never')),
    first_day  date,
    last_day   date,
    note       text        not null default '',
    added_at   timestamptz not null,
    added_by   text        not null,
    check (weekdays <@ '{0,1,2,3,4,5,6}'),
    check (on_holiday = 'any' or calendar <> ''),
    check (first_day <= last_day),
    check (not closed or (weekdays = '{}' and hours = '{}' and on_holiday = 'any' and num_nonnulls(first_day, last_day) = 0))
);
create unique index inbound_routes_once on inbound_routes (e164, closed, priority);
create unique index inbound_routes_closed_once on inbound_routes (e164) where closed;
