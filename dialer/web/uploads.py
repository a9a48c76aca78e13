"""A large request body on its way to a temporary file, never as a whole in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from aiohttp import web

from dialer.web.errors import TooLarge

_PIECE = 1 << 20


@asynccontextmanager
async def received(request: web.Request, most_bytes: int) -> AsyncIterator[Path]:
    """The body as a file that exists inside the `async with`. Raises `TooLarge`."""
    if (request.content_length or 0) > most_bytes:
        raise TooLarge(f"at most {most_bytes} bytes")
    folder = await asyncio.to_thread(TemporaryDirectory, prefix="fairdial-upload-")
    try:
        path = Path(folder.name) / "list.csv"
        with await asyncio.to_thread(path.open, "wb") as file:
            await _copy(request, file, most_bytes)
        yield path
    finally:
        await asyncio.to_thread(folder.cleanup)


async def _copy(request: web.Request, file: IO[bytes], most_bytes: int) -> None:
    written = 0
    pending = bytearray()
    async for piece in request.content.iter_any():
        written += len(piece)
        if written > most_bytes:
            raise TooLarge(f"at most {most_bytes} bytes")
        pending += piece
        if len(pending) >= _PIECE:
            await asyncio.to_thread(file.write, bytes(pending))
            pending.clear()
    await asyncio.to_thread(file.write, bytes(pending))
