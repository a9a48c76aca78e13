-- name: enter_the_gate
-- Wait until nobody else is in the gate, and stay in it until the transaction ends. The claims that are still this runner's.
-- params: attempt_ids, runner_id
with gate as materialized (select pg_advisory_xact_lock(hashtextextended('fairdial gate', 0)))
select a.id, a.contact_id, a.number_id
from gate
cross join attempts a
join contacts c on c.id = a.contact_id
where a.id = any ($1::uuid[]) and a.runner_id = $2 and a.state = 'claimed' and c.state = 'claimed';

-- name: gate_facts
-- What is known of contacts and of the number that is to be called, in the order asked for.
-- params: contact_ids, number_ids, caller_id, now
select c.id as contact_id, c.campaign_id, c.attempts, c.attributes, c.external_id, n.e164, k.state as campaign_state,
       n.zones, c.zone as stated_zone,
       l.internal_dnc, l.internal_dnc_until, l.complaint, l.sensitive, p.prefix,
       (select b.proof from caller_ids b where b.e164 = $3) as proof,
       (select exists (select from suppression_hashes))
           and exists (
               select from suppression_key s
               join suppression_hashes h on h.hash = suppression_hash(n.e164, s.inner_pad, s.outer_pad)
           ) as erased,
       exists (select from consents t where t.e164 = n.e164)
           or exists (select from revocations t where t.e164 = n.e164)
           or exists (select from reassigned_answers t where t.e164 = n.e164) as consent_is_known
from unnest($1::bigint[], $2::bigint[]) with ordinality as w (contact_id, number_id, place)
join contacts c on c.id = w.contact_id
join contact_numbers n on n.id = w.number_id
join campaigns k on k.id = c.campaign_id
left join lateral (
    select max(case when d.kind = 'number' then coalesce(nullif(d.reason, ''), d.source) end) as internal_dnc,
           case when not bool_or(d.kind = 'number' and d.expires_at is null)
                then max(case when d.kind = 'number' then d.expires_at end) end as internal_dnc_until,
           max(case when d.kind = 'complaint' then coalesce(nullif(d.reason, ''), d.source) end) as complaint,
           max(case when d.kind = 'sensitive' then d.channel end) as sensitive
    from do_not_call d
    where d.e164 = n.e164
      and (d.campaign_id is null or d.campaign_id = c.campaign_id)
      and (d.expires_at is null or d.expires_at > $4)
) l on true
left join lateral (
    select d.e164 as prefix
    from do_not_call d
    where (select exists (select from do_not_call where kind = 'prefix'))
      and d.kind = 'prefix'
      and d.e164 = any (array(select left(n.e164, digits) from generate_series(2, length(n.e164)) digits))
      and (d.campaign_id is null or d.campaign_id = c.campaign_id)
      and (d.expires_at is null or d.expires_at > $4)
    order by length(d.e164)
    limit 1
) p on true
order by w.place;

-- name: gate_history
-- Earlier calls to the same people, on any number, in any campaign; the same external id elsewhere is the same person.
-- params: contact_ids, since
with people as (
    select c.id as asked, c.id as person
    from contacts c
    where c.id = any ($1::bigint[])
    union all
    select c.id, o.id
    from contacts c
    join contacts o on o.external_id = c.external_id and o.id <> c.id
    where c.id = any ($1::bigint[]) and c.external_id is not null
), numbers as (
    select distinct p.asked, n.e164
    from people p
    join contact_numbers n on n.contact_id = p.person
)
select s.asked, s.e164, a.dialled_at, a.disposition, a.joined_at, a.message_at, a.caller_id, a.debt,
       -- 12 CFR 1006.14(b)(3)(i): a call agreed to beforehand is one of the seven days after the consent
       coalesce(t.given_at > a.dialled_at - interval '7 days', false) as consented, g.subject, g.seller, g.detector
from numbers s
-- limits keep each look-up by itself: a plan that was made while the tables were small stays good when they are not
cross join lateral (
    select dialled_at, disposition, joined_at, message_at, caller_id, debt, consent_id, grounds_id
    from attempts
    where e164 = s.e164 and claimed_at >= $2 and dialled_at is not null
    order by claimed_at desc
    limit 1000
) a
left join lateral (select subject, seller, detector from dial_grounds where id = a.grounds_id limit 1) g on true
left join lateral (select given_at from consents where id = a.consent_id limit 1) t on true
order by s.asked, a.dialled_at;

-- name: calls_of_day
-- Calls of every campaign to numbers that begin so, dialled since a moment, and the short ones among them.
-- params: prefixes, begins, longest
select count(*) as calls,
       count(*) filter (
           where a.answered_at is not null
             and (a.ended_at - a.answered_at <= $3 or a.disposition = 'machine' or a.machine_verdict = 'machine')
       ) as short
from campaigns c
cross join lateral (
    select e164, answered_at, ended_at, disposition, machine_verdict
    from attempts
    -- a claim waits for its dial for a while, but not for an hour
    where campaign_id = c.id and claimed_at >= $2::timestamptz - interval '1 hour' and dialled_at >= $2
    offset 0
) a
where a.e164 ^@ any ($1::text[]);

-- name: keep_grounds
-- What dials were decided by; the same grounds are kept once.
-- params: ids, documents
insert into dial_grounds (id, profiles, rulebook, registries, purposes, voice, subject, seller, detector)
select w.id, d.profiles, d.rulebook, d.registries, d.purposes, d.voice, d.subject, d.seller, d.detector
from unnest($1::uuid[], $2::jsonb[]) as w (id, document)
cross join lateral jsonb_to_record(w.document) as d (
    profiles text[], rulebook text, registries jsonb, purposes text[], voice text, subject text, seller text,
    detector boolean
)
on conflict (id) do nothing;

-- name: begin_dialling
-- Commit attempts as being dialled; one that is no claim of this runner any more is left out of the answer.
-- params: attempt_ids, trunks, caller_ids, grounds_ids, debts, consent_ids, now, runner_id
update attempts a
set state = 'dialling',
    dialled_at = $7,
    trunk = w.trunk,
    caller_id = w.caller_id,
    grounds_id = w.grounds_id,
    debt = w.debt,
    consent_id = w.consent_id
from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bigint[])
    as w (attempt_id, trunk, caller_id, grounds_id, debt, consent_id)
where a.id = w.attempt_id and a.state = 'claimed' and a.runner_id = $8
returning a.id;

-- name: refuse_claims
-- Undo claims that the gate refused: the attempt goes, the contact moves, and why is kept, once for the same again.
-- params: attempt_ids, contact_states, due_at, contact_because, reasons, profiles, citations, because, until, now
with wanted as (
    select *
    from unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[]
    ) as w (attempt_id, contact_state, due_at, contact_because, reason, profile, citation, because, until)
), gone as (
    delete from attempts a
    using wanted w
    where a.id = w.attempt_id and a.state = 'claimed'
    returning a.contact_id, a.campaign_id, a.e164, w.contact_state, w.due_at, w.contact_because,
              w.reason, w.profile, w.citation, w.because, w.until
), moved as (
    update contacts c
    set state = case when c.state = 'claimed' then g.contact_state else c.state end,
        due_at = case when c.state = 'claimed' then g.due_at else c.due_at end,
        because = case when c.state = 'claimed' then g.contact_because else c.because end,
        tally = c.tally || jsonb_build_object('refused', coalesce((c.tally ->> 'refused')::int, 0) + 1)
    from gone g
    where c.id = g.contact_id
), again as (
    update refusals r
    set last_at = $10, times = r.times + 1, because = g.because, until = g.until
    from gone g
    where r.id = (select max(b.id) from refusals b where b.contact_id = g.contact_id)
      and r.e164 = g.e164 and r.reason = g.reason and r.profile = g.profile
    returning r.contact_id
)
insert into refusals (contact_id, campaign_id, e164, reason, profile, citation, because, until, first_at, last_at)
select contact_id, campaign_id, e164, reason, profile, citation, because, until, $10, $10
from gone
where contact_id not in (select contact_id from again);

-- name: refusals_of_contact
-- Why a contact was not called, the latest first.
-- params: contact_id, most
select contact_id, campaign_id, e164, reason, profile, citation, because, until, first_at, last_at, times
from refusals
where contact_id = $1
order by id desc
limit $2;

-- name: refusals_of_campaign
-- How many contacts of a campaign were refused since a moment, by the last reason of each.
-- params: campaign_id, since
select reason, profile, citation, count(*) as contacts, min(until) as until
from (
    select distinct on (contact_id) contact_id, reason, profile, citation, until
    from refusals
    where campaign_id = $1 and last_at >= $2
    order by contact_id, id desc
) latest
group by reason, profile, citation
order by contacts desc, reason, profile;

-- name: grounds_of_attempt
-- What a dial was decided by; no row for one from before such was kept.
-- params: attempt_id
select g.profiles, g.rulebook, g.registries, g.purposes, g.voice, g.subject, g.seller, g.detector,
       a.debt, a.consent_id, a.caller_id
from attempts a
join dial_grounds g on g.id = a.grounds_id
where a.id = $1;

-- name: next_number_of_contacts
-- The number of each contact that a claim would choose.
-- params: contact_ids
select w.contact_id, n.id as number_id
from unnest($1::bigint[]) as w (contact_id)
cross join lateral (
    select id from contact_numbers where contact_id = w.contact_id and not dead order by attempts, position limit 1
) n;

-- name: contacts_with_number
-- The contacts that have a number, in every campaign.
-- params: e164
select n.contact_id
from campaigns k
join contact_numbers n on n.campaign_id = k.id and n.e164 = $1
order by n.contact_id desc;

-- name: add_caller_id
-- A number that may be shown; what is known of it already is replaced.
-- params: e164, proof, note, by, now
insert into caller_ids (e164, proof, note, added_by, added_at)
values ($1, $2, $3, $4, $5)
on conflict (e164) do update
set proof = excluded.proof, note = excluded.note, added_by = excluded.added_by, added_at = excluded.added_at;

-- name: remove_caller_id
-- A number that may not be shown any more.
-- params: e164
delete from caller_ids where e164 = $1 returning e164;

-- name: all_caller_ids
-- Every number that may be shown.
-- params:
select e164, proof, note, added_by, added_at from caller_ids order by e164;
