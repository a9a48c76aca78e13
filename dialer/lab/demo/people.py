"""The people at the desks: they hear what is on the line, hang up on machines that the ears did not know, and say afterwards what it was."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer.lab.demo.api import Api, ApiRefused
from dialer.lab.demo.flows import FlowsAtWork
from dialer.lab.world.numbers import Behaviour, behaviour_of
from dialer.tasks import TaskOwner

# how long it takes to notice
_PATIENCE_S = {Behaviour.VOICEMAIL: 2.5, Behaviour.FAX: 1.5, Behaviour.SILENT: 2.0}
_RESULT = {Behaviour.VOICEMAIL: "machine", Behaviour.FAX: "machine", Behaviour.SILENT: "dead_air"}


class PeopleAtDesks:
    def __init__(self, api: Api, tasks: TaskOwner, seed: int, flows: FlowsAtWork) -> None:
        self._api, self._tasks, self._rng, self._flows = api, tasks, random.Random(seed), flows
        self._seen: set[str] = set()

    def look(self, snapshot: dict[str, Any]) -> None:
        """Take up every call that has reached a desk since the last look."""
        for agent in snapshot["agents"]["list"]:
            attempt = agent["attempt"]
            if attempt is not None and attempt not in self._seen and agent["state"] in ("on_call", "wrap_up"):
                self._seen.add(attempt)
                self._tasks.spawn(self._handle(agent["id"], attempt), f"person-{agent['id']}")

    async def _handle(self, agent: int, attempt: str) -> None:
        with suppress(ApiRefused):  # the call may be over at any moment
            detail = await self._api.get(f"/api/v1/attempts/{attempt}")
            if await self._flows.talk(self._api, attempt, detail["attempt"]["number"]):
                return
            behaviour = behaviour_of(detail["attempt"]["number"])
            if (patience := _PATIENCE_S.get(behaviour)) is not None:
                await asyncio.sleep(patience)
                with suppress(ApiRefused):
                    await self._api.post(f"/api/v1/calls/{attempt}/hangup")
            await self._say(attempt, behaviour)

    async def _say(self, attempt: str, behaviour: Behaviour) -> None:
        word = self._word(behaviour)
        for _ in range(100):
            try:
                await self._api.post(f"/api/v1/attempts/{attempt}/result", word)
            except ApiRefused as refused:
                if refused.status != 409:
                    return
                await asyncio.sleep(0.2)  # the call is not over yet
            else:
                return

    def _word(self, behaviour: Behaviour) -> dict[str, str]:
        luck = self._rng.random()
        if behaviour in _RESULT:
            return {"result": _RESULT[behaviour]}
        if luck < 0.05:
            return {"result": "do_not_call", "note": "asked not to be called again"}
        if luck < 0.12:
            tomorrow = datetime.now(UTC) + timedelta(days=1)
            return {"result": "callback", "callback_at": tomorrow.isoformat()}
        return {"result": "connected"}
