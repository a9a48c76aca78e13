-- Fairdial's first schema. Postgres 15 to 18, no extensions. `now` is always a parameter of the program's statements;
-- defaults of now() exist only for columns that no rule or report reads.

create table campaigns (
    id          bigint generated always as identity primary key,
    name        text        not null unique check (name ~ '^[^[:cntrl:]]{1,80}$'),
    state       text        not null default 'draft'
                check (state in ('draft', 'running', 'paused', 'stopping', 'stopped', 'finished')),
    plan        jsonb       not null,
    created_at  timestamptz not null,
    started_at  timestamptz,
    ended_at    timestamptz,
    check (state = 'draft' or started_at is not null)
);

create table contact_lists (
    id           bigint generated always as identity primary key,
    campaign_id  bigint      not null references campaigns on delete cascade,
    source       text        not null,
    imported_at  timestamptz not null,
    rows_read    integer     not null default 0,
    rows_taken   integer     not null default 0,
    rows_refused integer     not null default 0
);
create index contact_lists_of_campaign on contact_lists (campaign_id);

create table contacts (
    id          bigint generated always as identity primary key,
    campaign_id bigint      not null references campaigns on delete cascade,
    list_id     bigint,     -- of contact_lists; no foreign key, which would be a fifth of an import
    external_id text,
    name        text        not null default '',
    language    text        not null default '',
    zone        text,       -- IANA zone given by the list; wins over what the number suggests
    attributes  jsonb       not null default '{}',
    state       text        not null default 'ready'
                check (state in ('ready', 'claimed', 'done', 'exhausted', 'blocked')),
    due_at      timestamptz,
    priority    smallint    not null default 0,
    attempts    integer     not null default 0 check (attempts >= 0),
    tally       jsonb       not null default '{}', -- attempts by disposition
    because     text        not null default '',
    check ((state = 'ready') = (due_at is not null))
) with (fillfactor = 70);
create index contacts_dialable on contacts (campaign_id, priority desc, due_at, id) where state = 'ready';
create index contacts_of_campaign on contacts (campaign_id, id);
create unique index contacts_external on contacts (campaign_id, external_id) where external_id is not null;

create table contact_numbers (
    id            bigint generated always as identity primary key,
    contact_id    bigint   not null references contacts on delete cascade,
    campaign_id   bigint   not null, -- the contact's, for the unique key below
    position      smallint not null check (position >= 1),
    e164          text     not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    zones         text[]   not null,
    attempts      integer  not null default 0 check (attempts >= 0),
    dead          boolean  not null default false,
    unique (contact_id, position),
    unique (campaign_id, e164)
) with (fillfactor = 80);

create table agents (
    id           bigint generated always as identity primary key,
    name         text        not null unique check (name ~ '^[^[:cntrl:]]{1,80}$'),
    phone        text        not null unique check (phone ~ '^[A-Za-z0-9_.+-]{1,40}$'),
    state        text        not null default 'logged_out'
                 check (state in ('logged_out', 'connecting', 'ready', 'on_call', 'wrap_up', 'paused')),
    reason       text        not null default '',
    since        timestamptz not null,
    -- what the agent last asked for; the engine brings `state` there when it can
    wish         text        not null default 'logged_out' check (wish in ('logged_out', 'ready', 'paused')),
    wish_reason  text        not null default '',
    wished_at    timestamptz not null
);

create table agent_state_log (
    id         bigint generated always as identity primary key,
    agent_id   bigint      not null references agents on delete cascade,
    state      text        not null,
    reason     text        not null default '',
    at         timestamptz not null,
    attempt_id uuid
);
create index agent_state_log_of_agent on agent_state_log (agent_id, at);

create table runners (
    id         uuid        primary key,
    host       text        not null,
    pid        integer     not null,
    started_at timestamptz not null,
    ended_at   timestamptz
);

create table dispositions (
    code      text primary key,
    label_en  text    not null,
    label_zh  text    not null,
    answered  boolean not null,
    by_person boolean not null,
    by_agent  boolean not null, -- an agent may choose it at wrap-up
    check (answered or not by_person)
);

insert into dispositions (code, label_en, label_zh, answered, by_person, by_agent) values
    ('busy',           'Busy',                      '占线',           false, false, false),
    ('no_answer',      'No answer',                 '无应答',         false, false, false),
    ('rejected',       'Rejected',                  '拒接',           false, false, false),
    ('not_in_service', 'Not in service',            '空号',           false, false, false),
    ('congestion',     'Network congestion',        '网络拥塞',       false, false, false),
    ('failed',         'Failed',                    '呼叫失败',       false, false, false),
    ('cancelled',      'Cancelled',                 '已取消',         false, false, false),
    ('connected',      'Talked with an agent',      '已接通座席',     true,  true,  true),
    ('abandoned',      'Abandoned',                 '呼损',           true,  true,  false),
    ('hung_up',        'Hung up before an agent',   '接听后即挂断',   true,  true,  false),
    ('dropped',        'Agent''s phone failed',     '座席话机断线',   true,  true,  false),
    ('machine',        'Answering machine',         '语音信箱',       true,  false, true),
    ('dead_air',       'Nobody spoke',              '无回应',         true,  true,  true),
    ('wrong_number',   'Wrong number',              '号码有误',       true,  true,  true),
    ('do_not_call',    'Asked not to be called',    '要求不再来电',   true,  true,  true),
    ('callback',       'Call-back agreed',          '约定回拨',       true,  true,  true),
    ('lost',           'Outcome unknown',           '结果不明',       false, false, false),
    ('refused',        'Not dialled',               '未拨打',         false, false, false);

create table attempts (
    id           uuid        primary key default gen_random_uuid(),
    -- one statement takes contact, number and campaign from rows that it has locked: one foreign key holds all of them,
    -- and each further one would cost a tenth of the claim
    contact_id   bigint      not null references contacts on delete cascade,
    number_id    bigint      not null,
    campaign_id  bigint      not null,
    e164         text        not null,
    runner_id    uuid        not null,
    state        text        not null
                 check (state in ('claimed', 'dialling', 'ringing', 'waiting', 'talking', 'message', 'ended')),
    disposition  text        references dispositions,
    because      text        not null default '',
    trunk        text,
    caller_id    text,
    agent_id     bigint      references agents on delete set null,
    claimed_at   timestamptz not null,
    due_at       timestamptz not null, -- the contact's before the claim: a release puts it back
    dialled_at   timestamptz,
    rang_at      timestamptz,
    answered_at  timestamptz,
    joined_at    timestamptz,
    left_at      timestamptz, -- the agent's part of the call ended
    message_at   timestamptz,
    ended_at     timestamptz,
    q850         smallint,
    sip_status   smallint,
    cause_text   text        not null default '',
    ended_by_us  boolean,
    noted_at     timestamptz, -- the agent's word at wrap-up
    note         text        not null default '',
    callback_at  timestamptz,
    check ((state = 'ended') = (disposition is not null)),
    check ((state = 'ended') = (ended_at is not null)),
    check (state in ('claimed', 'ended') or dialled_at is not null),
    check (disposition is distinct from 'refused' or dialled_at is null),
    check (disposition in ('refused', 'cancelled') or disposition is null or dialled_at is not null),
    check (state not in ('waiting', 'talking', 'message') or answered_at is not null),
    check (joined_at is null or (answered_at is not null and agent_id is not null)),
    check (disposition is distinct from 'connected' or joined_at is not null),
    check (disposition is distinct from 'abandoned' or answered_at is not null)
) with (fillfactor = 70);
-- not `state <> 'ended'`, which means the same: a column of a predicate makes every change of it touch every index
create unique index attempts_one_open on attempts (contact_id) where ended_at is null;
create index attempts_open on attempts (runner_id) where ended_at is null;
create index attempts_of_contact on attempts (contact_id, claimed_at);
create index attempts_of_campaign on attempts (campaign_id, claimed_at desc);
create index attempts_answered on attempts (campaign_id, answered_at) where answered_at is not null;

create table call_events (
    attempt_id uuid        not null references attempts on delete cascade,
    at         timestamptz not null,
    kind       text        not null,
    detail     text        not null default ''
);
create index call_events_of_attempt on call_events (attempt_id, at);

create table recordings (
    id           uuid        primary key default gen_random_uuid(),
    attempt_id   uuid        not null references attempts on delete cascade,
    part         smallint    not null default 1, -- a call that changed agents has several
    state        text        not null check (state in ('running', 'landed', 'stored', 'failed')),
    name         text        not null unique check (name ~ '^[0-9a-f/-]+\.wav$'),
    started_at   timestamptz not null,
    talk_ms      integer,
    duration_ms  integer,
    bytes        bigint,
    sha256       text check (sha256 ~ '^[0-9a-f]{64}$'),
    caller_dbfs  real,
    agent_dbfs   real,
    stored_at    timestamptz,
    problem      text        not null default '',
    unique (attempt_id, part),
    check (state <> 'stored' or (bytes is not null and duration_ms is not null and sha256 is not null))
);
create index recordings_by_time on recordings (started_at);
create index recordings_unfinished on recordings (started_at) where state in ('running', 'landed');

create table do_not_call (
    id          bigint generated always as identity primary key,
    e164        text        not null check (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    campaign_id bigint      references campaigns on delete cascade, -- null: every campaign
    source      text        not null,
    reason      text        not null default '',
    added_at    timestamptz not null,
    expires_at  timestamptz
);
create unique index do_not_call_once on do_not_call (e164, coalesce(campaign_id, 0));

create table users (
    id            bigint generated always as identity primary key,
    name          text        not null unique check (name ~ '^[^[:cntrl:]]{1,80}$'),
    role          text        not null check (role in ('admin', 'supervisor', 'agent', 'read_only')),
    agent_id      bigint      references agents on delete set null,
    password_hash text,       -- argon2; null: tokens only
    created_at    timestamptz not null,
    disabled_at   timestamptz
);

create table api_tokens (
    id         bigint generated always as identity primary key,
    user_id    bigint      not null references users on delete cascade,
    label      text        not null default '',
    sha256     text        not null unique check (sha256 ~ '^[0-9a-f]{64}$'), -- of 256 random bits: no salt needed
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null,
    actor   text        not null,
    action  text        not null,
    subject text        not null default '',
    detail  jsonb       not null default '{}'
);
create index audit_by_time on audit (at);

-- the engine listens: a change made by any program takes effect at once; it also looks every second
create function announce_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('fairdial', tg_table_name || ':' || new.id);
    return null;
end $$;
create trigger campaigns_changed after insert or update of state, plan on campaigns
    for each row execute function announce_change();
create trigger agents_wished after insert or update of wish, wished_at on agents
    for each row execute function announce_change();
