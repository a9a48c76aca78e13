"""Who may speak: one at a time, in the order of asking. Where nobody else asks it costs next to nothing, unlike asyncio's lock."""

import asyncio
from collections import deque


class Turn:
    """`if turn.taken: await turn.mine()`, then `turn.taken = True`, and `over()` in the end."""

    def __init__(self) -> None:
        self.taken = False
        self._asking: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        if not self.taken:
            self.taken = True
            return
        asked = asyncio.get_running_loop().create_future()
        self._asking.append(asked)
        try:
            await asked
        except asyncio.CancelledError:
            if asked.done() and not asked.cancelled():
                self.over()  # it was ours in the very moment
            raise

    def over(self) -> None:
        """Whoever asked first has it from now on."""
        while self._asking:
            asked = self._asking.popleft()
            if not asked.done():
                asked.set_result(None)
                return
        self.taken = False

    async def __aenter__(self) -> None:
        await self.mine()

    async def __aexit__(self, *_: object) -> None:
        self.over()
