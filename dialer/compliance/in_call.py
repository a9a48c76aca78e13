"""What is heard during a call and ends it: some rules stop a call that may have begun lawfully."""

from collections.abc import Sequence

from dialer.compliance.profile import Profile


def ends_call(profiles: Sequence[Profile], event: str) -> tuple[str, str] | None:
    """(profile, flag) when `event`, such as "party_is_abroad", obliges us to end the call; None when it may go on."""
    for profile in profiles:
        if (flag := profile.in_call.get(event)) is not None:
            return profile.id, flag
    return None
