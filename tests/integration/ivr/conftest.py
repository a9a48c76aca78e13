from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dialer.lab.centre import CallCentre
from ivr.flow.model import Flow
from tests.integration.ivr.rig import Rig, make_tones


@pytest.fixture
async def serve(centre: CallCentre, tmp_path: Path) -> AsyncIterator[Callable[[Flow], object]]:
    """Starts a FastAGI server with a flow that answers every number."""
    make_tones(centre.pbx.sounds)
    async with AsyncExitStack() as open_:

        async def started(flow: Flow) -> Rig:
            rig = Rig(centre, tmp_path, flow)
            await rig.server.start()
            open_.push_async_callback(rig.server.close)
            return rig

        yield started
        for exchange in (centre.carrier, centre.pbx):
            exchange.cli("channel request hangup all")
