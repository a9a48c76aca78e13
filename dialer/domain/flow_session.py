"""What the session of a call of ours in a flow is called: the same call comes back to what it had entered there."""

from uuid import UUID

from dialer.domain.ids import AttemptId

_ID = 36  # characters of a UUID


def flow_session(attempt: AttemptId, flow: str) -> str:
    """One for each flow that a call goes through."""
    return f"{attempt}.{flow}"


def attempt_of_session(session: str) -> AttemptId | None:
    """None for the session of a caller from outside."""
    if session[_ID : _ID + 1] != ".":
        return None
    try:
        return AttemptId(UUID(session[:_ID]))
    except ValueError:
        return None
