"""Text messages on the command line."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.ports.texts import TextState
from tests.support.fake_store import FakeClock, FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit


@pytest.fixture
def outbox(store: FakeStore) -> FakeStore:
    """A message of each state, of a minute ago."""
    ago = FakeClock().now() - timedelta(minutes=1)
    for nth, state in enumerate(TextState, start=1):
        store.texts.add(f"00{nth}", f"+1202555014{nth}", ago, "Your number is 17.")
        store.texts.rows[nth] = replace(store.texts.rows[nth], state=state)
    store.texts.rows[3] = replace(store.texts.rows[3], problem="HTTP 400", tries=1)
    return store


def test_messages_are_listed_with_their_state(run: Run, outbox: FakeStore) -> None:
    lines = run("sms", "list").stdout.splitlines()
    assert lines[0].split("\t")[3:5] == ["State", "Tries"]
    assert [line.split("\t")[3] for line in lines[1:]] == ["Failed", "Sent", "Queued"]
    (failed,) = json.loads(run("sms", "list", "--state", "failed", "--json").stdout)
    assert (failed["reference"], failed["problem"], failed["tries"]) == ("003", "HTTP 400", 1)


def test_what_failed_is_queued_again_and_noted(run: Run, outbox: FakeStore) -> None:
    done = run("sms", "retry", "003")
    assert (done.exit_code, done.stdout.strip()) == (0, "1 queued again: 003")
    assert outbox.texts.of("003").state is TextState.QUEUED
    assert run("sms", "retry", "--all").stdout.strip() == "0 queued again: –"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("001",), "no failed message"),
        ((), "name references, or --all"),
        (("003", "--all"), "name references"),
    ],
)
def test_what_cannot_be_retried_is_one_clear_line(
    run: Run, outbox: FakeStore, words: tuple[str, ...], told: str
) -> None:
    done = run("sms", "retry", *words)
    assert done.exit_code == 1
    assert told in done.stderr
