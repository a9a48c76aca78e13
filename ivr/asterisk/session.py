"""One caller's session: steps of the engine, each stored before anything of it is done in the world.

What is only said may begin while its step is being stored: nothing is heard to its end, and no key taken into account,
before the store has the step. See docs/ivr.md, "A step and its store".
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from ivr.asterisk import stored
from ivr.engine import State, advance
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.errors import SessionTaken
from ivr.flow.model import Flow
from ivr.ports import Clock, SessionStore

log = logging.getLogger(__name__)

_STORE_S: Final = 5.0
_LAST_TRIES_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)


class Session:
    """`left` are the commands of the last step, for whoever takes the session up again."""

    def __init__(
        self, store: SessionStore, clock: Clock, flow: Flow, state: State, revision: int = 0
    ) -> None:
        self.flow, self.state, self.revision = flow, state, revision
        self._store, self._clock = store, clock
        self.left: tuple[do.Command, ...] = ()
        self._storing: asyncio.Task[None] | None = None
        self._taken = False

    @property
    def call(self) -> str:
        return self.state.call

    def at(self) -> float:
        return self._clock.now().timestamp()

    def step(self, event: ev.Event) -> Sequence[do.Command]:
        """The step before must be `stored`; this one is being stored when it is given."""
        if not self.at_rest:
            raise RuntimeError(f"session {self.call}: a step before the last one was stored")
        state, commands = advance(self.flow, self.state, event)
        if state is self.state:
            return ()
        self.state, self.left = state, commands
        self._storing = self._begin()
        return commands

    @property
    def at_rest(self) -> bool:
        """Whether the last step is known to be in the store."""
        storing = self._storing
        return storing is None or (storing.done() and not storing.cancelled() and not storing.exception())

    async def stored(self) -> None:
        """Returns when the last step is in the store; a write that has failed before is tried once more.

        Raises `SessionTaken` when somebody else has gone on with it meanwhile, and whatever the store raises."""
        if self.at_rest:
            return
        if self._storing is None or (self._storing.done() and not self._taken):
            self._storing = self._begin()
        await asyncio.shield(self._storing)

    async def settled(self) -> None:
        """At the end of a call: the write that is under way ends, well or not."""
        if self._storing is not None:
            await asyncio.wait((self._storing,))
            if not self.at_rest:
                log.error("last step not stored", extra={"action": "ivr.not_stored", "call": self.call})

    def unfinished(self, key: str) -> bool:
        """Whether more keys are to come after this one; what was pressed so far is kept, though not stored."""
        event = ev.Digits(at=self.at(), turn=self.state.turn, digits=key)
        state, commands = advance(self.flow, self.state, event)
        if commands or state is self.state:
            return False
        self.state = state
        return True

    async def last_step(self, event: ev.Event) -> Sequence[do.Command]:
        """As `step`, for a caller who is gone, and stored when it is given."""
        await self.stored_at_last()
        commands = self.step(event)
        await self.stored_at_last()
        return commands

    async def stored_at_last(self) -> None:
        """As `stored`, where nobody waits: a store that is away is asked again for half a minute."""
        for pause_s in _LAST_TRIES_S:
            try:
                await self.stored()
            except SessionTaken:
                raise
            except Exception as away:
                log.warning(
                    "session not stored: %s",
                    type(away).__name__,
                    extra={"action": "ivr.store", "call": self.call},
                )
                await asyncio.sleep(pause_s)
            else:
                return
        await self.stored()

    def _begin(self) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self._write(self.state, self.left))

    async def _write(self, state: State, commands: Sequence[do.Command]) -> None:
        """Both as they were: nothing changes them afterwards. What they are as JSON is made while the words go out."""
        kept = stored.to_json(state, commands)
        async with asyncio.timeout(_STORE_S):
            fresh = await self._store.save(self.call, kept, self.revision)
        if not fresh:
            self._taken = True
            raise SessionTaken(f"session {self.call} has gone on elsewhere since revision {self.revision}")
        self.revision += 1
