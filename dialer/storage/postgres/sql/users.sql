-- name: add_user
-- A new user; no row when the name is taken.
-- params: name, role, password_hash, agent_id, now
insert into users (name, role, password_hash, agent_id, created_at)
values ($1, $2, $3, $4, $5)
on conflict (name) do nothing
returning id;

-- name: password_of_user
-- The password hash of a user who may log in with one.
-- params: name
select id, name, role, agent_id, password_hash
from users
where name = $1 and disabled_at is null and password_hash is not null;

-- name: add_token
-- A token for a user; no row when there is no such user.
-- params: user_name, label, sha256, expires_at, now
insert into api_tokens (user_id, label, sha256, expires_at, created_at)
select id, $2, $3, $4, $5 from users where name = $1 and disabled_at is null
returning id;

-- name: revoke_token
-- From now on the token opens nothing; the first moment stays.
-- params: token_id, now
update api_tokens set revoked_at = coalesce(revoked_at, $2) where id = $1 returning id;

-- name: caller_of_token
-- Whose token this is, while it is in force.
-- params: sha256, now
select u.id, u.name, u.role, u.agent_id
from api_tokens t
join users u on u.id = t.user_id
where t.sha256 = $1
  and t.revoked_at is null
  and (t.expires_at is null or t.expires_at > $2)
  and u.disabled_at is null;

-- name: audit
-- Who did what.
-- params: actor, action, subject, detail, now
insert into audit (actor, action, subject, detail, at) values ($1, $2, $3, $4, $5);
