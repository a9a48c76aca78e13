"""The web application on a real port, with a floor that moves, and a browser beside it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from argon2 import PasswordHasher
from playwright.async_api import Browser, async_playwright

from dialer.flows import publish_flow
from dialer.web.app import build_app
from dialer.web.deps import WebDeps
from ivr.samples import sample
from tests.support.fake_floor import NOON, FakeFloor, afternoon
from tests.support.fake_store import FakeClock, FakeFiles, FakeIntake, FakeStore

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Site:
    url: str
    store: FakeStore
    floor: FakeFloor


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store, floor = FakeStore(), FakeFloor(afternoon())
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    await store.users.add_user("ana", "supervisor", hasher.hash("a long password"), None, NOON)
    await publish_flow(store.ivr_flows, sample("main-menu"), NOON, "ana")
    await publish_flow(store.ivr_flows, sample("survey"), NOON, "ana")  # without an entry point
    deps = WebDeps(store, floor, FakeClock(), FakeFiles(tmp_path), FakeIntake(), flows=store.ivr_flows.shelf)
    app = build_app(deps, hasher=hasher)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Site(f"http://127.0.0.1:{runner.addresses[0][1]}/", store, floor)
    await runner.cleanup()
    await asyncio.sleep(0)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()
