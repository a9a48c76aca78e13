"""What the IVR needs of the world around it. Small Protocols; whoever runs flows brings them.

`ivr` knows nothing of campaigns: a do-not-call list, agents, a database stand behind these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ivr.spoken import Spoken


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC time."""
        ...


class PromptBook(Protocol):
    def sounds(self, spoken: Spoken) -> Sequence[str]:
        """Names of sound files in playing order, without extension, absolute or as Asterisk knows them. A look-up that
        never waits and never speaks anew. Empty when nothing of it can be heard (only a value that is no number and
        no name made beforehand). Raises `MissingPrompt`."""
        ...


class SessionStore(Protocol):
    """Sessions between two steps. `revision` makes a step that lost a race visible: the same event twice changes a
    session once."""

    async def load(self, call: str) -> tuple[Mapping[str, Any], int] | None:
        """The stored state and its revision."""
        ...

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        """Stores revision + 1. False when the session has another revision by now; 0 is a new one."""
        ...

    async def forget(self, call: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Publication:
    """One version of a flow: `version` is the SHA-256 of `document` in its canonical form."""

    flow: str
    version: str
    at: datetime
    by: str = ""


class FlowStore(Protocol):
    """Published flows. A version never changes and is never removed: calls that began with it end with it."""

    async def publish(self, publication: Publication, document: bytes) -> bool:
        """Makes it the current version. False when it was already there (it is current again all the same)."""
        ...

    async def document(self, flow: str, version: str | None = None) -> bytes:
        """The current version, or the one whose hash begins with `version`. Raises `NotPublished`."""
        ...

    async def history(self, flow: str) -> Sequence[Publication]:
        """In the order they were made current: the last one is."""
        ...

    async def flows(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a request; the caller is told the reference."""

    ok: bool
    reference: str = ""


class Routes(Protocol):
    async def flow(self, called: str, at: datetime) -> str | None:
        """The flow that answers this number at this moment. None: nothing does, and the caller hears the fallback."""
        ...


class Gateways(Protocol):
    def dial_string(self, kind: str, target: str) -> str | None:
        """What Asterisk's Dial() is to be given for a `number` or a `sip` address, `PJSIP/+4930123456@trunk`. None:
        this installation does not go there. `target` may hold whatever a caller or another system said: nothing of it
        may come into the dial string that is not looked at, for `&`, `,` and `/` mean something there."""
        ...


class OptOuts(Protocol):
    async def register(self, call: str, number: str, scope: str) -> Registered:
        """`scope`: campaign, client, marketing, all. In force at once."""
        ...


class Callbacks(Protocol):
    async def request(
        self, call: str, number: str, at: datetime | None, queue: str | None, about: str
    ) -> Registered: ...


class Voicemails(Protocol):
    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered: ...


class TextMessages(Protocol):
    async def send(self, call: str, number: str, text: str) -> Registered: ...


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller is to wait in the dialplan: in this queue; for this agent alone, where there is a number of one.

    `in_vain` is the outcome when nobody has come in the node's time: no_answer or busy.
    """

    queue: str
    agent: str = ""
    in_vain: str = "no_answer"


class Transfers(Protocol):
    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str | Waits:
        """To an agent or a queue. Gives answered, busy, no_answer or failed where that is known by now, else how the
        caller waits; an empty text is the queue of that name. What becomes of the wait comes as an event of the call."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0 when there was none in time. `body` is the parsed JSON, at most 64 kB of it."""

    status: int
    body: Any = None


class Lookups(Protocol):
    async def look_up(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        *,
        timeout_s: float,
        retries: int,
        hosts: Sequence[str],
    ) -> Answer:
        """Only hosts on the flow's list (`hosts`) and the installation's, no redirects to others, no private addresses.

        `timeout_s` is that of each attempt; what may have been carried out already, such as a POST, is never asked again.
        """
        ...


class Answers(Protocol):
    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        """The fields of `SaveAnswer`. Called as soon as a question is settled."""
        ...
