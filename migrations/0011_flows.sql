-- Calls of campaigns in flows of the IVR.

alter table attempts drop constraint attempts_state_check;
alter table attempts add constraint attempts_state_check
    check (state in ('claimed', 'dialling', 'ringing', 'waiting', 'talking', 'message', 'in_flow', 'ended'));
