"""A link with short deadlines, held against a scripted server."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings, Delivery
from tests.support.fake_ami_server import FakeAmiServer

WANTED = ("Hangup", "OriginateResponse", "CoreShowChannel")


def settings(server: FakeAmiServer, **changes: Any) -> AmiSettings:
    quick = AmiSettings(
        "127.0.0.1", server.port, "fd", "s3cret",
        connect_s=1, boot_s=0.3, answer_s=0.3, ping_every_s=0.05, ping_s=0.1,
        first_delay_s=0.02, longest_delay_s=0.1, rejected_delay_s=5,
    )  # fmt: skip
    return replace(quick, **changes)


@contextlib.asynccontextmanager
async def running(server: FakeAmiServer, **changes: Any) -> AsyncIterator[AmiLink]:
    link = AmiLink(settings(server, **changes), random.Random(1), WANTED)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(link.run())
        try:
            yield link
        finally:
            task.cancel()


async def upcoming(link: AmiLink) -> Delivery:
    return await asyncio.wait_for(link.events.get(), 2)
