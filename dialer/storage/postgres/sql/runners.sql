-- name: take_engine_lock
-- Whether this session has the engine's lock now; asked again by the same session it would count twice.
-- params: lock_class, lock_key
select pg_try_advisory_lock($1::int, $2::int);

-- name: holds_engine_lock
-- Whether this very session holds the engine's lock.
-- params: lock_class, lock_key
select exists (
    select from pg_locks
    where locktype = 'advisory' and granted and pid = pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())
      and classid::bigint = $1 and objid::bigint = $2
);

-- name: add_runner
-- Register a runner; again is harmless.
-- params: runner_id, host, pid, now
insert into runners (id, host, pid, started_at) values ($1, $2, $3, $4) on conflict (id) do nothing;

-- name: runner_is_newest
-- Whether no other runner has begun since this one did.
-- params: runner_id
select not exists (
    select from runners other
    where other.id <> $1 and other.started_at > (select started_at from runners where id = $1)
);

-- name: end_runner
-- Note the end of a runner.
-- params: runner_id, now
update runners set ended_at = $2 where id = $1 and ended_at is null;
