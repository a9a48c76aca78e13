-- name: trunk_tones
-- Ring-back tones learned on each trunk, by country.
-- params:
select trunk, country, tones from trunk_tones order by trunk, country;

-- name: keep_trunk_tones
-- In the place of what was kept of the same trunk and country.
-- params: trunks, countries, tones, now
insert into trunk_tones (trunk, country, tones, updated_at)
select t.trunk, t.country, t.tones, $4
from unnest($1::text[], $2::text[], $3::jsonb[]) as t (trunk, country, tones)
on conflict (trunk, country) do update set tones = excluded.tones, updated_at = excluded.updated_at;

-- name: forget_trunk_tones
-- The operator changed something on the trunk: what was learned there is no longer home.
-- params: trunk, country
delete from trunk_tones where trunk = $1 and country = $2 returning trunk;
