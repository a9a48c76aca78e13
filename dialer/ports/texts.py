"""Text messages (SMS) that callers asked for: the outbox, and the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dialer.domain.phone_number import PhoneNumber


class TextState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # the gateway has taken it; whether it arrived is not known
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TextInHand:
    """`tries` with the present one; by it a sender who was too slow is told from who has the message now. `number` None: it
    cannot be one. `call` is of the session in which it was asked for."""

    id: int
    reference: str
    call: str
    number: PhoneNumber | None
    words: str
    tries: int
    requested_at: datetime
    send_by: datetime | None


@dataclass(frozen=True, slots=True)
class TextOnFile:
    """`number` as it was given. `problem`: why it failed, or why the last try did."""

    reference: str
    number: str
    words: str
    state: TextState
    tries: int
    requested_at: datetime
    next_try_at: datetime | None
    settled_at: datetime | None
    problem: str
    gateway_id: str


@dataclass(frozen=True, slots=True)
class TextsWaiting:
    count: int = 0
    since: datetime | None = None


class TextOutbox(Protocol):
    """Every method may raise `StorageDown`. `sent`, `failed` and `put_off` are False when somebody else has the message in
    hand by now, or it is settled."""

    async def take(self, now: datetime, in_hand_until: datetime, most: int) -> Sequence[TextInHand]:
        """Those due, each to one taker; whoever does not settle them loses them at `in_hand_until`."""
        ...

    async def listed(self, text: TextInHand, now: datetime) -> str | None:
        """Why our own lists keep it from being sent, in one word: number, prefix, complaint, sensitive."""
        ...

    async def sent(self, text: TextInHand, gateway_id: str, now: datetime) -> bool: ...

    async def failed(self, text: TextInHand, problem: str, now: datetime) -> bool: ...

    async def put_off(self, text: TextInHand, problem: str, until: datetime) -> bool: ...

    async def waiting(self) -> TextsWaiting: ...

    async def texts(self, state: TextState | None, most: int) -> Sequence[TextOnFile]:
        """The newest first."""
        ...

    async def retry(
        self, references: Sequence[str], since: datetime, now: datetime, send_by: datetime
    ) -> Sequence[str]:
        """Failed ones are queued again; without references all asked for since. The references of these."""
        ...


@dataclass(frozen=True, slots=True)
class Handed:
    """What the gateway said to a message. `refused`: for good; `problem` says why, when it did not take it."""

    taken: bool
    gateway_id: str = ""
    problem: str = ""
    refused: bool = False
    again_after_s: float = 0.0


class TextGateway(Protocol):
    async def hand_over(self, to: PhoneNumber, words: str, key: str) -> Handed:
        """Never raises. The same `key` is the same message: a gateway that knows it already sends nothing twice."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Counters since the process started, and what waits now."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    waiting: int = 0
    oldest_s: float = 0.0
