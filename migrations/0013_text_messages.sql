-- Text messages that callers asked for are sent: how often it was tried, when it is tried next, and until when at all.
-- Whoever sends one puts `next_try_at` behind the time that takes, so that another can take it when this one dies.

alter table ivr_requests
    add column tries       smallint not null default 0 check (tries >= 0),
    add column next_try_at timestamptz, -- null: at once
    add column send_by     timestamptz, -- null: by the settings' time after it was asked for; a retry by hand sets it
    add column gateway_id  text not null default ''; -- the gateway's own name for it
create index ivr_requests_to_send on ivr_requests (coalesce(next_try_at, requested_at)) where kind = 'sms' and state = 'open';
