-- Preview: an agent may be looking at a contact that is not dialled yet.

alter table agents
    drop constraint agents_state_check,
    add constraint agents_state_check
        check (state in ('logged_out', 'connecting', 'ready', 'preview', 'on_call', 'wrap_up', 'paused'));
