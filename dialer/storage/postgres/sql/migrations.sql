-- name: create_migrations_table
-- What was applied, with the hash of the file as it was then.
-- params:
create table if not exists schema_migrations (
    version    integer     primary key,
    name       text        not null,
    sha256     text        not null,
    applied_at timestamptz not null
);

-- name: migrations_table_exists
-- Whether this database was ever migrated.
-- params:
select to_regclass('schema_migrations') is not null;

-- name: applied_migrations
-- What was applied, oldest first.
-- params:
select version, name, sha256, applied_at from schema_migrations order by version;

-- name: note_migration
-- Remember an applied file.
-- params: version, name, sha256, now
insert into schema_migrations (version, name, sha256, applied_at) values ($1, $2, $3, $4);

-- name: try_migration_lock
-- The migration lock, polled: a session that waits for it holds a snapshot, on which CREATE INDEX CONCURRENTLY waits.
-- params: lock_class, lock_key
select pg_try_advisory_lock($1::int, $2::int);

-- name: invalid_index
-- The index as DROP wants it, when a failed CREATE INDEX CONCURRENTLY left it invalid.
-- params: index_name
select format('drop index concurrently %s', indexrelid::regclass)
from pg_index
where indexrelid = to_regclass($1) and not indisvalid;
