-- name: begin_recording
-- A recording that runs; again is harmless.
-- params: attempt_id, part, name, now
insert into recordings (attempt_id, part, state, name, started_at)
values ($1, $2, 'running', $3, $4)
on conflict (attempt_id, part) do nothing;

-- name: land_recording
-- The call has left the agent; what landed already stays as it is.
-- params: attempt_id, part, talk_ms
update recordings
set state = case when state = 'running' then 'landed' else state end,
    talk_ms = case when state = 'running' then $3 else talk_ms end
where attempt_id = $1 and part = $2
returning id;

-- name: mark_recording
-- What was done to a recording while it ran; a recording with a problem is not kept.
-- params: attempt_id, part, announced_at, announcement, silences, ends_ms, problem
update recordings
set announced_at = $3, announcement = $4, silences = $5, ends_ms = $6, problem = $7
where attempt_id = $1 and part = $2 and state in ('running', 'landed')
returning id;

-- name: store_recording
-- The file is in the store.
-- params: recording_id, duration_ms, bytes, sha256, caller_dbfs, agent_dbfs, problem, now
update recordings
set state = 'stored', duration_ms = $2, bytes = $3, sha256 = $4, caller_dbfs = $5, agent_dbfs = $6, problem = $7,
    stored_at = $8
where id = $1
returning id;

-- name: fail_recording
-- Nothing can be made of the file.
-- params: recording_id, problem
update recordings set state = 'failed', problem = $2 where id = $1 returning id;

-- name: landed_recordings
-- What waits to be stored, oldest first.
-- params: most
select * from recordings where state = 'landed' order by started_at limit $1;

-- name: newest_recordings
-- The newest recordings.
-- params: most
select * from recordings order by started_at desc limit $1;

-- name: newest_recordings_of_campaign
-- The newest recordings of one campaign.
-- params: campaign_id, most
select r.*
from recordings r
join attempts a on a.id = r.attempt_id
where a.campaign_id = $1
order by r.started_at desc
limit $2;

-- name: recordings_of_attempt
-- The parts of one call's recording, the newest first.
-- params: attempt_id, most
select * from recordings where attempt_id = $1 order by started_at desc, part desc limit $2;

-- name: recording_by_id
-- One recording.
-- params: recording_id
select * from recordings where id = $1;
