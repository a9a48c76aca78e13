"""The demonstration's view of the service: its HTTP interface, as an operator's own program would use it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from dialer.errors import FairdialError


class ApiRefused(FairdialError):
    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"HTTP {status}: {problem}")
        self.status = status


class Api:
    def __init__(self, session: aiohttp.ClientSession, address: str, token: str) -> None:
        self._session, self._address = session, address
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: str | int) -> Any:
        return await self._ask("GET", path, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, body: object = None) -> Any:
        return await self._ask("POST", path, json={} if body is None else body)

    async def upload(self, path: str, file: Path) -> Any:
        with file.open("rb") as stream:
            return await self._ask("POST", path, data=stream, headers={"Content-Type": "text/csv"})

    async def ready(self) -> bool:
        try:
            async with self._session.get(f"{self._address}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def snapshots(self) -> AsyncIterator[dict[str, Any]]:
        """The statistics, once a second, for as long as the service sends them."""
        url = f"{self._address}/api/v1/stats/stream"
        timeout = aiohttp.ClientTimeout(total=None, sock_read=10)
        async with self._session.get(url, headers=self._headers, timeout=timeout) as answer:
            if answer.status != 200:
                raise ApiRefused(answer.status, (await answer.text())[:300])
            async for line in answer.content:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    async def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        url = f"{self._address}{path}"
        async with self._session.request(
            method, url, headers={**self._headers, **(headers or {})}, **more
        ) as answer:
            body = await answer.read()
            if answer.status >= 400:
                raise ApiRefused(answer.status, body.decode("utf-8", "replace")[:300])
            return json.loads(body) if body else None
