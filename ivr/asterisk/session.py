"""One caller's session: steps of the engine, each stored before anything of it is carried out."""

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

    @property
    def call(self) -> str:
        return self.state.call

    def at(self) -> float:
        return self._clock.now().timestamp()

    async def step(self, event: ev.Event) -> Sequence[do.Command]:
        """Raises `SessionTaken` when somebody else has gone on with it meanwhile, and whatever the store raises."""
        state, commands = advance(self.flow, self.state, event)
        if state is self.state:
            return ()
        await self._keep(state, commands)
        return commands

    def unfinished(self, key: str) -> bool:
        """Whether more keys are to come after this one; what was pressed so far is kept, though not stored."""
        event = ev.Digits(at=self.at(), turn=self.state.turn, digits=key)
        state, commands = advance(self.flow, self.state, event)
        if commands or state is self.state:
            return False
        self.state = state
        return True

    async def last_step(self, event: ev.Event) -> Sequence[do.Command]:
        """As `step`, for a caller who is gone: nobody waits, so a store that is away is asked again for half a minute."""
        for pause_s in _LAST_TRIES_S:
            try:
                return await self.step(event)
            except SessionTaken:
                raise
            except Exception as away:
                log.warning(
                    "session not stored: %s",
                    type(away).__name__,
                    extra={"action": "ivr.store", "call": self.call},
                )
                await asyncio.sleep(pause_s)
        return await self.step(event)

    async def _keep(self, state: State, commands: tuple[do.Command, ...]) -> None:
        async with asyncio.timeout(_STORE_S):
            kept = await self._store.save(self.call, stored.to_json(state, commands), self.revision)
        if not kept:
            raise SessionTaken(f"session {self.call} has gone on elsewhere since revision {self.revision}")
        self.revision += 1
        self.state, self.left = state, commands
