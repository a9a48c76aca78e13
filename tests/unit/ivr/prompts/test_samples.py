"""After `build` every sample can be heard in both languages, at every hour and on every holiday."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.calendar import Moment
from ivr.flow.model import Flow
from ivr.flow.nodes import Sms
from ivr.prompts import FileBook, catalogue
from ivr.prompts.checking import findings
from ivr.rehearse import Key, rehearse
from ivr.samples import names, sample
from ivr.spoken import Spoken
from tests.unit.ivr.prompts.conftest import Samples

pytestmark = pytest.mark.unit


def test_nothing_is_missing(samples: Samples) -> None:
    assert samples.built.failed == []
    assert samples.built.made + samples.built.kept > 1_000
    codes = {one.code for flow in samples.flows for one in findings(flow, samples.folder, samples.settings)}
    assert codes <= {"left_out", "must_be_made", "odd_length"}  # every tone has the same length


@pytest.mark.parametrize("name", names())
def test_every_wording_of_every_variant_is_made(name: str) -> None:
    flow = sample(name)
    made = {(line.prompt, line.language, line.variant) for line in catalogue(flow).lines}
    unheard = {ref.id for node in flow.nodes.values() if isinstance(node, Sms) for ref in node.spoken()}
    heard = {ref.id for node in flow.nodes.values() if not isinstance(node, Sms) for ref in node.spoken()}
    for prompt in heard - unheard - {""}:
        variants = set(flow.prompt(prompt).variants) - {"agent"}
        for language in flow.head.languages:
            assert {(prompt, language, variant) for variant in {"", *variants}} <= made


def test_greetings_of_the_day_and_of_holidays(samples: Samples) -> None:
    """Each of the six greetings of the front menu is another sound, found on its day."""
    flow, book = sample("main-menu"), FileBook(samples.folder)
    days = [
        "2026-03-02T20:00",
        "2026-03-02T08:00",
        "2026-01-02T08:00",
        "2026-05-02T20:00",
        "2026-09-26T08:00",
        "2026-10-01T08:00",
    ]
    for language in ("zh", "en"):
        greetings = {
            str(book.sounds(_said(flow, datetime.fromisoformat(day), [], language)[0])) for day in days
        }
        assert len(greetings) == len(days)


KEYS = st.lists(
    st.sampled_from(
        [
            *"0123456789*#",
            "123456",
            "20260305",
            "1430",
            "timeout",
            "record",
            "answered",
            "busy",
            "return",
            "ok",
            "fail",
        ]
    ),
    max_size=40,
)
MOMENTS = st.integers(0, 365 * 24).map(lambda hours: datetime(2026, 1, 1) + timedelta(hours=hours))  # noqa: DTZ001


@settings(deadline=None, max_examples=40)
@given(name=st.sampled_from(names()), keys=KEYS, at=MOMENTS, language=st.sampled_from(["en", "zh"]))
def test_whatever_callers_do_they_hear_it(
    samples: Samples, name: str, keys: list[str], at: datetime, language: str
) -> None:
    book = FileBook(samples.folder)
    for spoken in _said(sample(name), at, keys, language):
        sounds = book.sounds(spoken)
        assert sounds or not any(map(str.isalnum, spoken.text))
        assert all(Path(f"{sound}.sln").exists() for sound in sounds)


def _said(flow: Flow, at: datetime, keys: list[str], language: str) -> list[Spoken]:
    entry = next(iter(flow.head.entry_points), None)
    words = iter(keys)

    def ask(wait: str, command: do.Command) -> Key | None:
        word = next(words, "hangup")
        digits = word[0] in "0123456789*#"
        allowed = {
            "keys": digits or word == "timeout",
            "record": word == "record",
            "request": word in ("ok", "fail"),
        }
        if not allowed.get(wait, word in ("answered", "busy")):
            return None
        return Key("digits" if digits else word, word if digits else "5")

    at = at.replace(tzinfo=ZoneInfo(flow.head.time_zone))
    done = rehearse(
        flow, ask, at, language=language, entry=entry if len(keys) % 3 == 2 else None, replies=_replies()
    )
    return [one for command in done.commands for one in getattr(command, "prompts", ())]


def _replies() -> Iterator[ev.HttpDone]:
    while True:
        yield ev.HttpDone(at=0, status=200, body={"total": "128.5", "delivery": {"date": "2026-04-01"}})


def test_the_calendar_is_the_engines(samples: Samples) -> None:
    """The days above are those on which the sample greets otherwise."""
    head = sample("main-menu").head
    moment: Moment = head.moment(datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())
    assert moment.variants[0] == "happy_new_year"
