import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from dialer.cli import console, session
from dialer.cli.main import app
from tests.support.fake_store import FakeClock, FakeStore

Run = Callable[..., Result]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings but those of the test: one trunk, and a database that is not there."""
    for name in os.environ:
        if name.startswith("FAIRDIAL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRDIAL_TRUNKS__MAIN__ADDRESS", "sip.example.net")
    monkeypatch.setenv("FAIRDIAL_TRUNKS__MAIN__CALLER_ID", "+12025550100")
    monkeypatch.setenv("FAIRDIAL_DATABASE_URL", "postgresql://fairdial:db-secret@127.0.0.1:1/none")
    return monkeypatch


@pytest.fixture
def run(environment: pytest.MonkeyPatch) -> Run:
    def invoke(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=stdin)

    # the runner would make each of some hundred commands anew for every call
    environment.setattr("typer.testing._get_command", _commands, raising=False)
    return invoke


_commands = cache(get_command)


@pytest.fixture
def store(environment: pytest.MonkeyPatch) -> FakeStore:
    """An in-memory store in the place of Postgres."""
    fake = FakeStore()

    @asynccontextmanager
    async def opened() -> AsyncIterator[session.Session]:
        yield session.Session(console.settings(), fake, FakeClock())

    environment.setattr(session, "opened", opened)
    return fake
