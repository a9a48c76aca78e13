-- Pacing: plans that were made before there was a choice go on as they were; what pacing learns and decides is kept.

update campaigns set plan = plan || '{"pacing": {"mode": "progressive"}}' where not plan ? 'pacing';

insert into dispositions (code, label_en, label_zh, answered, by_person, by_agent) values
    ('played', 'Message played', '已播放语音', true, true, false);

create table pacing_lessons (
    campaign_id bigint      primary key references campaigns on delete cascade,
    version     integer     not null,
    document    jsonb       not null,
    kept_at     timestamptz not null
);

-- samples of decisions: each stands for those of the same kind since the one before it
create table pacing_decisions (
    id          bigint generated always as identity primary key,
    campaign_id bigint      not null references campaigns on delete cascade,
    at          timestamptz not null,
    dial        integer     not null,
    binding     text        not null,
    because     text        not null,
    inputs      jsonb,      -- the floor as it was; null when the rule looks at none
    decisions   integer     not null check (decisions >= 1)
);
create index pacing_decisions_of_campaign on pacing_decisions (campaign_id, at, id);

-- Ended calls that people answered, by the quarter of an hour of the answer: a period of 30 days is counted from 2880
-- rows instead of from every call. Kept in the transaction that ends a call, or that takes the agent's word on it. Every
-- zone's midnight begins a quarter. The rest of a window, and calls still open, are counted from the index below.
create table answered_quarters (
    campaign_id bigint      not null references campaigns on delete cascade,
    begins      timestamptz not null check (begins = date_bin('15 minutes', begins, '2000-01-01 00:00+00')),
    answered    integer     not null,
    abandoned   integer     not null,
    primary key (campaign_id, begins)
) with (fillfactor = 50);

insert into answered_quarters (campaign_id, begins, answered, abandoned)
select a.campaign_id, date_bin('15 minutes', a.answered_at, '2000-01-01 00:00+00'), count(*),
       count(*) filter (where a.disposition = 'abandoned')
from attempts a
join dispositions d on d.code = a.disposition
where a.answered_at is not null and d.by_person
group by 1, 2;

create index attempts_by_result on attempts (campaign_id, disposition, answered_at) where answered_at is not null;
drop index attempts_answered;
