"""Who has answered: verdicts, legal timestamps, and what must never happen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.audio.answer_model import Audience, load, of_document
from dialer.audio.answered import Answer, AnsweredEar, Kind, News, OneAnswer, Patience, Verdict, listen
from dialer.errors import BadInput
from tests.unit.dialer.audio import answers
from tests.unit.dialer.audio.answers import joined, noise, silence, speech, tone

pytestmark = pytest.mark.unit


def heard(*parts: answers.Audio, audience: Audience = Audience.OFFICES) -> Answer:
    return listen(joined(*parts), audience)[0]


@pytest.mark.parametrize("dbm0", [-8.0, -20.0, -40.0])
@pytest.mark.parametrize("over_noise_db", [10.0, 40.0])
def test_a_person_who_says_hello(dbm0: float, over_noise_db: float) -> None:
    call = joined(silence(0.5), speech(0.7, dbm0), silence(2), noise_dbm0=dbm0 - over_noise_db)
    answer, _ = listen(call)
    assert answer.verdict is Verdict.PERSON
    assert answer.greeting_start_s == pytest.approx(0.5, abs=0.1)
    assert answer.greeting_end_s is not None
    assert answer.greeting_end_s == pytest.approx(1.2, abs=0.1)
    assert answer.decided_at_s - answer.greeting_end_s <= 0.6


def test_a_person_who_speaks_at_once() -> None:
    answer = heard(speech(0.6), silence(2))
    assert answer.verdict is Verdict.PERSON
    assert answer.greeting_start_s == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize("audience", Audience)
def test_a_machine_and_its_beep(audience: Audience) -> None:
    call = joined(silence(0.4), speech(6.0), silence(0.8), tone(1000, 0.5), silence(2))
    answer, news = listen(call, audience)
    assert answer.verdict is Verdict.MACHINE
    assert answer.decided_at_s < 5.5
    assert [each.kind for each in news] == [Kind.SPEECH, Kind.VERDICT, Kind.GREETING_OVER, Kind.BEEP]
    assert news[1].answer.greeting_end_s is None
    assert answer.greeting_end_s == pytest.approx(6.4, abs=0.1)
    assert answer.beep_at_s == pytest.approx(7.2, abs=0.05)


def test_homes_are_known_sooner_than_offices() -> None:
    call = (silence(0.4), speech(8.0))
    homes, offices = (heard(*call, audience=each) for each in (Audience.HOMES, Audience.OFFICES))
    assert homes.verdict is offices.verdict is Verdict.MACHINE
    assert homes.decided_at_s < 3.0
    assert homes.decided_at_s < offices.decided_at_s


@pytest.mark.parametrize("audience", Audience)
def test_nobody_is_a_machine_before_a_greeting_is_long(audience: Audience) -> None:
    call = joined(silence(0.4), speech(8.0))
    long_s = load(audience).long_s
    answer, _ = listen(call, audience)
    assert answer.greeting_start_s is not None
    assert answer.decided_at_s - answer.greeting_start_s >= long_s


def test_a_machine_without_a_beep_ends_its_greeting() -> None:
    answer, news = listen(joined(silence(0.4), speech(6.0), silence(3)))
    assert news[-1].kind is Kind.GREETING_OVER
    assert answer.greeting_end_s == pytest.approx(6.4, abs=0.1)
    assert answer.beep_at_s is None


def test_a_beep_after_a_name() -> None:
    answer, news = listen(joined(silence(0.3), speech(0.8), silence(0.3), tone(1400, 0.4), silence(1)))
    assert answer.verdict is Verdict.BEEP
    assert not answer.verdict.is_person
    assert answer.beep_at_s == pytest.approx(1.4, abs=0.05)
    assert [each.kind for each in news] == [Kind.SPEECH, Kind.VERDICT, Kind.BEEP]


@pytest.mark.parametrize(("hz", "lasts"), [(400, 0.15), (300, 0.5), (2300, 0.5), (1000, 0.06)])
def test_what_is_no_beep(hz: float, lasts: float) -> None:
    """Vowels are low, beeps are not above 2200 Hz, clicks are short."""
    answer = heard(silence(0.3), speech(0.8), silence(0.2), tone(hz, lasts), silence(1.5))
    assert answer.verdict.is_person
    assert answer.beep_at_s is None


@pytest.mark.parametrize(("hz", "lasts"), [(2100, 3.0), (1100, 0.5)])
def test_a_fax(hz: float, lasts: float) -> None:
    answer = heard(silence(1), tone(hz, lasts), silence(1))
    assert answer.verdict is Verdict.FAX
    assert answer.greeting_start_s is None


def test_a_fax_whose_phase_is_turned() -> None:
    piece = tone(2100, 0.45)
    assert heard(silence(0.6), *[piece, -piece] * 3, silence(1)).verdict is Verdict.FAX


def test_the_end_of_the_ring_back_tone_is_no_beep() -> None:
    answer = heard(tone(425, 0.4), silence(0.5), speech(0.6), silence(2))
    assert answer.verdict is Verdict.PERSON
    assert answer.beep_at_s is None


@given(seconds=st.floats(0.0, 9.0), dbm0=st.floats(-80.0, -15.0), quiet_first=st.floats(0.0, 2.0))
@settings(max_examples=8, deadline=None)
def test_silence_and_steady_noise_are_never_a_machine(
    seconds: float, dbm0: float, quiet_first: float
) -> None:
    for call in (silence(seconds), joined(silence(quiet_first), noise(seconds + 0.02, dbm0))):
        assert listen(call)[0].verdict in (Verdict.SILENCE, Verdict.UNCERTAIN)


def test_silence_is_a_verdict_of_its_own_and_treated_as_a_person() -> None:
    answer = heard(silence(4))
    assert (answer.verdict, answer.decided_at_s, answer.greeting_end_s) == (Verdict.SILENCE, 3.0, None)
    assert answer.verdict.is_person
    assert Verdict.UNCERTAIN.is_person


def test_a_slow_speaker_is_a_person() -> None:
    answer = heard(silence(2.6), speech(0.6), silence(1))
    assert answer.verdict is Verdict.PERSON
    assert answer.greeting_start_s == pytest.approx(2.6, abs=0.1)


def test_a_recording_that_ends_too_soon_is_uncertain() -> None:
    answer = heard(silence(0.3), speech(0.5))
    assert answer.verdict is Verdict.UNCERTAIN
    assert answer.greeting_start_s == pytest.approx(0.3, abs=0.1)
    assert answer.decided_at_s == 0.8


def _calls() -> st.SearchStrategy[answers.Audio]:
    part = st.one_of(
        st.builds(silence, st.floats(0, 2)),
        st.builds(speech, st.floats(0.1, 3), st.floats(-40, -8), st.integers(1, 99)),
        st.builds(tone, st.floats(300, 2300), st.floats(0.05, 1)),
        st.builds(noise, st.floats(0.1, 2), st.floats(-60, -20)),
    )
    return st.lists(part, min_size=1, max_size=5).map(lambda parts: joined(*parts))


@given(call=_calls())
@settings(max_examples=12, deadline=None)
def test_one_verdict_and_times_in_order(call: answers.Audio) -> None:
    answer, news = listen(call)
    verdicts = [each for each in news if each.kind is Kind.VERDICT]
    assert len(verdicts) <= 1
    for each in verdicts:
        assert each.answer.verdict is answer.verdict
        assert (each.answer.greeting_end_s or 0) <= each.answer.decided_at_s == each.at_s
    for each in news:
        start, end = each.answer.greeting_start_s, each.answer.greeting_end_s
        assert end is None or (start is not None and start <= end <= each.at_s)
        assert (each.answer.beep_at_s or 0) <= each.at_s
    assert [each.at_s for each in news] == sorted(each.at_s for each in news)


@given(call=_calls(), cuts=st.lists(st.integers(0, 40_000), max_size=20))
@settings(max_examples=6, deadline=None)
def test_samples_may_come_in_any_pieces(call: answers.Audio, cuts: list[int]) -> None:
    one, news = OneAnswer(), list[News]()
    for piece in np.split(call, sorted(min(cut, len(call)) for cut in cuts)):
        news += one.feed(piece)
    assert (one.close(), news) == listen(call)


def test_many_streams_at_once_hear_what_each_hears_alone() -> None:
    calls = [
        joined(silence(0.2 + 0.1 * n), speech(0.3 + 0.5 * n, seed=n), silence(2), tone(1000, 0.4), silence(1))
        for n in range(5)
    ]
    ear = AnsweredEar(capacity=2)
    streams = np.array([ear.open() for _ in calls])
    for at in range(0, max(map(len, calls)) - 159, 160):
        live = [n for n, call in enumerate(calls) if len(call) >= at + 160]
        ear.feed(np.stack([calls[n][at : at + 160] for n in live]), streams[live])
    assert [ear.close(stream) for stream in streams.tolist()] == [listen(call)[0] for call in calls]


def test_a_stream_is_used_again_without_what_was_heard_before() -> None:
    ear = AnsweredEar(capacity=1)
    for _ in range(2):
        stream = ear.open()
        for frame in answers.frames(joined(silence(0.5), speech(0.6), silence(1.5))):
            ear.feed(frame[None], np.array([stream]))
        answer = ear.close(stream)
        assert answer.verdict is Verdict.PERSON
        assert answer.greeting_start_s == pytest.approx(0.5, abs=0.1)


def test_frames_of_another_shape() -> None:
    ear = AnsweredEar()
    with pytest.raises(BadInput, match="160"):
        ear.feed(np.zeros((1, 80), np.int16), np.array([ear.open()]))


@pytest.mark.parametrize(
    "wrong", [{"pause_s": 0.1}, {"longest_s": 9.0}, {"silence_s": 0.5}, {"pause_s": 2.0}]
)
def test_patience_has_its_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="patience"):
        Patience(**wrong)


def test_a_model_that_does_not_fit() -> None:
    model = load(Audience.HOMES)
    assert 0 < model.paused.threshold < 1
    assert 0.5 < model.speaking.threshold < 1
    with pytest.raises(BadInput, match="train it anew"):
        of_document({"audiences": {}}, Audience.HOMES)
    with pytest.raises(BadInput, match="other figures"):
        of_document(
            {"audiences": {"homes": {"long_s": 1, "speaking": {"weights": {"span": 1}}}}}, Audience.HOMES
        )
