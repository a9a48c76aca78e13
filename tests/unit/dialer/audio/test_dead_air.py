"""Dead air, one-way audio and no RTP told apart; prompts and a polite end."""

import pytest

from dialer.audio.dead_air import Ask, Asking, CallAir, Carried, Finding, Limits, Voice
from dialer.domain.air import Direction, Trouble
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


def test_when_nobody_speaks_and_one_side_sends_no_packet_it_is_not_the_people() -> None:
    assert told(30, LISTENS, NOTHING) == [Finding(Trouble.ONE_WAY, 10.0, 0.0, Direction.AGENT)]
    assert told(30, NOTHING, LISTENS) == [Finding(Trouble.ONE_WAY, 10.0, 0.0, Direction.CALLER)]


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


def test_what_is_of_unknown_level_may_be_a_listener() -> None:
    unknown = Carried(50, voiced=False)
    assert told(60, unknown, SPEAKS) == []
    assert told(30, unknown, unknown) == [Finding(Trouble.DEAD_AIR, 10.0, 0.0)]


def test_a_prompt_that_nobody_heard_does_not_count() -> None:
    asking, dead = Asking(prompts=1, wait_s=5), Finding(Trouble.DEAD_AIR, 10, 0)
    assert asking.next(10, dead) is Ask.PROMPT
    asking.not_said()
    assert asking.next(15, dead) is Ask.PROMPT
    assert asking.next(20, dead) is Ask.END


def test_a_click_is_no_speech_and_a_word_is() -> None:
    voice = Voice()
    voice.began(0.2)
    assert not voice.tick(0.7)
    voice.ceased(0.02)
    assert not voice.tick(1.7)
    voice.began(2.0)
    voice.ceased(0.3)
    assert [voice.tick(3.0), voice.tick(4.0)] == [True, False]


def test_a_speech_that_goes_on_is_heard_in_every_second_of_it() -> None:
    voice = Voice()
    voice.began(0.5)
    assert [voice.tick(float(at)) for at in (1, 2, 3)] == [False, True, True]
    voice.ceased(2.8)
    assert [voice.tick(4.0), voice.tick(5.0)] == [True, False]
