"""What is known of one call between two steps. Small, JSON, and everything there is."""

from dataclasses import dataclass, field, fields
from typing import Any, Final

from ivr.expressions import Value

FORMAT: Final = 1


@dataclass(slots=True)
class State:
    """`advance` gives a new one and leaves the old as it was. Moments are seconds since 1970, UTC.

    wait        what the call stands still for: keys, play, record, transfer, http, request; empty when it has ended
    turn        counts what was waited for; an event that names another turn comes too late and is passed over
    buffer      keys pressed ahead of their question
    answers     by question; null for one that was refused, given up or not asked
    asked       the question being asked, once it has been spoken
    heard       disclosures that were played to their end
    stack       where subflows return to
    late_key    ends the input before, which was full without it; until `late_until` it is no key of the next question
    ended       how it ended: done, hung_up, transferred, no_answer, error, or the flow's own word
    """

    call: str
    flow: str
    version: str
    language: str
    caller: str = ""
    called: str = ""
    contact: dict[str, Value] = field(default_factory=dict)
    started: float = 0.0
    at: float = 0.0
    node: str = ""
    wait: str = ""
    turn: int = 0
    tries: int = 0
    buffer: str = ""
    variables: dict[str, Value] = field(default_factory=dict)
    answers: dict[str, Value] = field(default_factory=dict)
    asked: str = ""
    said: str = ""
    heard: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    pending: dict[str, Any] | None = None
    failure: str = ""
    reference: str = ""
    transfer: str = ""
    faults: int = 0
    ended: str = ""
    late_key: str = ""
    late_until: float = 0.0

    def copy(self) -> "State":
        return State(
            self.call, self.flow, self.version, self.language, self.caller, self.called, self.contact,
            self.started, self.at, self.node, self.wait, self.turn, self.tries, self.buffer,
            self.variables.copy(), self.answers.copy(), self.asked, self.said, self.heard.copy(),
            self.stack.copy(), self.pending, self.failure, self.reference, self.transfer, self.faults, self.ended,
            self.late_key, self.late_until,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **{name: getattr(self, name) for name in _NAMES}}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "State":
        """Raises `ValueError` for a state of another format, `TypeError` for one that is none."""
        if stored.get("format") != FORMAT:
            raise ValueError(f"a session of format {stored.get('format')!r}, this program knows {FORMAT}")
        known = {name: value for name, value in stored.items() if name in _NAMES}
        return cls(**known).copy()


_NAMES: Final = tuple(one.name for one in fields(State))
