-- What callers left in flows, by recording.

create index ivr_requests_of_clip on ivr_requests (clip) where clip not in ('', 'erased');
