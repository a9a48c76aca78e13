"""Engines on one database: which of them is active, and what wakes it."""

from datetime import datetime
from typing import Protocol

from dialer.domain.ids import RunnerId


class RunnerStore(Protocol):
    async def begin_runner(self, runner: RunnerId, host: str, pid: int, now: datetime) -> bool:
        """Take the engine's lock and register; False while another engine holds it."""
        ...

    async def still_ours(self) -> bool:
        """Whether the lock is still held, taking it again when the connection was lost and nobody else has it."""
        ...

    async def end_runner(self, runner: RunnerId, now: datetime) -> None: ...


class Changes(Protocol):
    """Wakes the engine when another program changed something; losing a wake-up costs a second, never a change."""

    async def wait(self, within_s: float) -> None: ...
