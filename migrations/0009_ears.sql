-- What the ears hear before and after the answer.

insert into dispositions (code, label_en, label_zh, answered, by_person, by_agent) values
    ('foreign_ringback', 'Abroad by the ring-back tone', '回铃音显示在境外', false, false, false),
    ('powered_off', 'Switched off', '关机', false, false, false),
    ('unreachable', 'Cannot be reached', '无法接通', false, false, false),
    ('suspended', 'Service suspended', '停机', false, false, false),
    ('barred', 'Takes no calls', '呼入限制', false, false, false),
    ('message_left', 'Message left on a machine', '已在语音信箱留言', true, false, false),
    ('fax', 'Fax', '传真', true, false, false),
    ('abroad', 'Abroad', '在国外', true, true, true);

-- Ring-back tones heard on a trunk before people of a country answered: what counts as home there besides the listed tones.
create table trunk_tones (
    trunk      text        not null,
    country    text        not null check (country ~ '^[A-Z]{2}$'),
    tones      jsonb       not null,
    updated_at timestamptz not null,
    primary key (trunk, country)
);

-- Verdicts that people have heard since are the sample by which those that nobody heard are judged.
create index attempts_taken_for_machines on attempts (answered_at) where machine_verdict = 'machine';
