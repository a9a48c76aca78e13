"""Dead air, one-way audio and no RTP told apart; prompts and a polite end."""

import pytest

from dialer.audio.dead_air import Ask, Asking, CallAir, Carried, Direction, Finding, Limits, Trouble
from dialer.errors import BadInput

pytestmark = pytest.mark.unit

SPEAKS, LISTENS = Carried(50, voiced=True, loudest_dbm0=-20), Carried(50, voiced=False, loudest_dbm0=-55)
DIGITAL_SILENCE, NOTHING = Carried(50, voiced=False, loudest_dbm0=-85), Carried(0, voiced=False)


def told(seconds: int, caller: Carried, agent: Carried, air: CallAir | None = None) -> list[Finding]:
    air = air or CallAir(0.0)
    begin = air._at_s
    return [each for n in range(1, seconds + 1) for each in air.hear(begin + n, caller, agent)]


def test_a_conversation_is_no_trouble() -> None:
    air = CallAir(0.0)
    for n in range(60):
        pair = (SPEAKS, LISTENS) if n // 5 % 2 else (LISTENS, SPEAKS)
        assert air.hear(n + 1.0, *pair) == []


def test_a_long_talker_is_no_trouble() -> None:
    assert told(120, SPEAKS, LISTENS) == []


def test_nobody_speaks() -> None:
    assert told(30, LISTENS, LISTENS) == [Finding(Trouble.DEAD_AIR, 10.0, 0.0)]
    assert told(30, DIGITAL_SILENCE, LISTENS) == [Finding(Trouble.DEAD_AIR, 10.0, 0.0)]


@pytest.mark.parametrize("still", [DIGITAL_SILENCE, NOTHING])
def test_one_way(still: Carried) -> None:
    assert told(30, still, SPEAKS) == [Finding(Trouble.ONE_WAY, 6.0, 0.0, Direction.CALLER)]
    assert told(30, SPEAKS, still) == [Finding(Trouble.ONE_WAY, 6.0, 0.0, Direction.AGENT)]


def test_no_rtp() -> None:
    air = CallAir(100.0)
    assert told(5, NOTHING, NOTHING, air) == [Finding(Trouble.NO_RTP, 102.0, 100.0)]
    assert told(1, SPEAKS, LISTENS, air) == [Finding(Trouble.NO_RTP, 106.0, 100.0, over=True)]
    assert air.present is None


def test_trouble_that_turns_into_another() -> None:
    air = CallAir(0.0)
    told(12, LISTENS, LISTENS, air)
    kinds = [(each.trouble, each.over) for each in told(5, NOTHING, NOTHING, air)]
    assert kinds == [(Trouble.DEAD_AIR, True), (Trouble.NO_RTP, False)]


def test_time_does_not_go_back() -> None:
    air = CallAir(5.0)
    with pytest.raises(BadInput, match="before the last tick"):
        air.hear(4.0, SPEAKS, SPEAKS)
    with pytest.raises(BadInput, match="limit"):
        Limits(dead_air_s=0)


def test_two_prompts_and_a_polite_end() -> None:
    asking, dead = Asking(prompts=2, wait_s=5), Finding(Trouble.DEAD_AIR, 10, 0)
    assert asking.next(10, dead) is Ask.PROMPT
    asking.prompt_ended(12)
    assert asking.next(16.9, dead) is Ask.NOTHING
    assert asking.next(17, dead) is Ask.PROMPT
    asking.prompt_ended(19)
    assert asking.next(23, dead) is Ask.NOTHING
    assert asking.next(24, dead) is Ask.END


def test_an_answer_begins_the_count_anew() -> None:
    asking, dead = Asking(prompts=1, wait_s=5), Finding(Trouble.DEAD_AIR, 10, 0)
    assert asking.next(10, dead) is Ask.PROMPT
    assert asking.next(12, None) is Ask.NOTHING
    assert asking.next(30, dead) is Ask.PROMPT


@pytest.mark.parametrize("trouble", [Trouble.NO_RTP, Trouble.ONE_WAY])
def test_nothing_is_asked_of_who_cannot_hear(trouble: Trouble) -> None:
    assert Asking().next(10, Finding(trouble, 10, 0)) is Ask.NOTHING
