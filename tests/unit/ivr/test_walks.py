"""The table of walks in the terminal's rehearsal; on a real exchange and over webhooks the same table is walked elsewhere."""

import pytest

from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.rehearse import Key, Line, rehearse
from ivr.samples import names
from tests.support.walk_table import CALLER, WALKS
from tests.support.walks import Walk, effects_of, prompts_of, said

pytestmark = pytest.mark.unit


class Rehearsed:
    """`said_by` counts the prompts said before each thing that was done, and at the end."""

    def __init__(self, walk: Walk) -> None:
        self.left = [step.does for step in walk.steps if step.does]
        self.said_by: list[int] = []
        self._said = 0
        replies = [ev.HttpDone(at=0, status=walk.reply.status, body=walk.reply.body)] if walk.reply else []
        self.result = rehearse(
            walk.flow,
            self._next,
            walk.moment,
            caller=CALLER,
            language=walk.language,
            contact=walk.contact,
            replies=iter(replies),
            tell=self._hears,
        )
        self.said_by.append(self._said)

    def _hears(self, line: Line) -> None:
        self._said += line.who in ("says", "plays")

    def _next(self, wait: str, command: do.Command) -> Key | None:
        if wait == "request":
            return None
        self.said_by.append(self._said)
        return self.left.pop(0)


@pytest.mark.parametrize("walk", WALKS, ids=[f"{walk.sample}-{walk.name}" for walk in WALKS])
def test_a_walk_in_a_rehearsal(walk: Walk) -> None:
    done = Rehearsed(walk)
    heard = [said(walk.flow, one) for one in prompts_of(done.result.commands)]
    begins = [0, *done.said_by]
    assert [tuple(heard[a:b]) for a, b in zip(begins, done.said_by, strict=False)] == [
        step.heard for step in walk.steps
    ]
    assert done.result.result == walk.result
    assert effects_of(done.result.commands) == list(walk.effects)
    assert done.left == []


def test_every_sample_is_walked_in_both_languages() -> None:
    walked = {(walk.sample, step.heard[-1][0]) for walk in WALKS for step in walk.steps if step.heard}
    assert walked >= {(name, language) for name in names() for language in ("en", "zh")}
    assert len({walk.name + walk.sample for walk in WALKS}) == len(WALKS)
