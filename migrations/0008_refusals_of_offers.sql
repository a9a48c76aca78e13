-- The person refused the offer without asking never to be called again: the rest that some laws ask for begins with it
-- (C. conso. D.223-9).

insert into dispositions (code, label_en, label_zh, answered, by_person, by_agent) values
    ('not_interested', 'Not interested', '无意向/拒绝', true, true, true);
