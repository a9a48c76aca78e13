"""A caller from outside who waits in a queue: where the channel is, and what is known from the flow that came before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class QueuedCaller:
    """`channel` is the exchange's id of the caller's line, `session` the flow's. `priority`: higher is served first.

    `variables` and `answers` are what was entered and said in the `flow`, by name; `called` is the number that was dialled.
    """

    channel: str
    session: str = ""
    priority: int = 0
    called: str = ""
    language: str = ""
    flow: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
