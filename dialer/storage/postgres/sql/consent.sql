-- name: add_consents
-- Records of consent; a grant that is known already stays as it was first told.
-- params: e164, sellers, topics, kinds, given_at, sources, wordings, proofs, lifts_hours, expires_at, by, now
insert into consents (
    e164, seller, topic, kind, given_at, source, wording, proof, lifts_hours, expires_at, added_by, added_at
)
select w.*, $11, $12
from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::bool[],
    $10::timestamptz[]
) as w
on conflict (e164, seller, topic, kind, given_at) do nothing
returning id;

-- name: add_revocations
-- Notes that consent was taken back.
-- params: e164, sellers, topics, at, hows, details, attempt_ids, by
insert into revocations (e164, seller, topic, at, how, detail, attempt_id, added_by)
select w.*, $8
from unnest(
    $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::uuid[]
) as w
on conflict (e164, seller, topic, at, how) do nothing
returning id;

-- name: end_consents
-- Consents that a revocation speaks of: of its seller or of all, on its topic or on all.
-- params: e164, sellers, topics, at, hows
update consents c
set revoked_at = r.at, revoked_how = r.how
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) as r (e164, seller, topic, at, how)
where c.e164 = r.e164
  and c.revoked_at is null
  and c.given_at <= r.at
  and (r.seller = '' or lower(trim(c.seller)) = lower(trim(r.seller)))
  and (r.topic = '' or lower(trim(c.topic)) = lower(trim(r.topic)));

-- name: consents_of_numbers
-- Every consent of these numbers, for one seller; which of them stands is decided elsewhere.
-- params: e164, seller
select id, e164, seller, topic, kind, given_at, source, lifts_hours, expires_at, revoked_at, revoked_how
from consents
where e164 = any ($1::text[]) and lower(trim(seller)) = lower(trim($2::text));

-- name: revocations_of_numbers
-- Every revocation of these numbers that one seller must heed.
-- params: e164, seller
select id, e164, seller, topic, at, how
from revocations
where e164 = any ($1::text[]) and (seller = '' or lower(trim(seller)) = lower(trim($2::text)));

-- name: reassigned_of_numbers
-- Every answer of the Reassigned Numbers Database on these numbers.
-- params: e164
select e164, answer, asked_at, consent_on from reassigned_answers where e164 = any ($1::text[]) order by asked_at;

-- name: use_consents
-- A call relied on them. One that somebody is changing is left out: waiting for it inside the gate would hold up every dial.
-- params: consent_ids, now
update consents
set last_used_at = greatest(last_used_at, $2)
where id = any (array(select id from consents where id = any ($1::bigint[]) for no key update skip locked));

-- name: consents_of
-- All that was ever recorded of one number.
-- params: e164
select * from consents where e164 = $1 order by given_at, id;

-- name: revocations_of
-- All that one number took back.
-- params: e164
select * from revocations where e164 = $1 order by at, id;

-- name: add_reassigned_answers
-- What the Reassigned Numbers Database said.
-- params: e164, answers, asked_at, consent_on, by
insert into reassigned_answers (e164, answer, asked_at, consent_on, added_by)
select w.*, $5 from unnest($1::text[], $2::text[], $3::timestamptz[], $4::date[]) as w;
