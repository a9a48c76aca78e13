"""Listens to many streams before they are answered, and says when what is known of one has changed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dialer.audio.events import Event, Sign
from dialer.audio.frontend import FRAME, FRAME_S, MOST_AT_ONCE, Floats, FrontEnd, Indices, Samples
from dialer.audio.home import Home, repertoire
from dialer.audio.learned import MeasuredTone, measured
from dialer.audio.ringback import (
    Caution,
    Evidence,
    Hypothesis,
    Opinion,
    RingJudge,
    Signal,
    Verdict,
)
from dialer.audio.signals import HighSignal, HighTones
from dialer.audio.voice import VoiceOrMusic
from dialer.errors import BadInput

Heard = tuple[int, Verdict]
"""A stream, and its new verdict."""

_PURE = 0.6  # of the power lies in the lines of a tone; 10 dB of noise leave 0.9, a lost packet 0.75
_UNEVEN_DB = 1.5  # a tone keeps its level; lost packets take up to 1 dB from a window
_VERY_PURE, _UNEVEN_PURE_DB = 0.85, 4.0
_CLICK_S = 0.25
_QUIET_FRAMES = 50
_QUIET_AGAIN_FRAMES = 600  # longer than any pause of a ring tone
_REMEMBERED = 8
_TOLD = frozenset(Signal) - {Signal.NOTHING, Signal.VOICE, Signal.MUSIC, Signal.SOUND}


class _Listener:
    __slots__ = ("bursts", "high", "judge", "lines", "silences", "verdict")

    def __init__(self, judge: RingJudge) -> None:
        self.judge = judge
        self.high = HighTones()
        self.verdict = Verdict(0.0, Hypothesis.NO_EARLY_MEDIA, Signal.NOTHING)
        self.lines: tuple[float, ...] = ()
        self.bursts: list[tuple[float, bool]] = []
        self.silences: list[float] = []


class ToneEar:
    """Streams are opened and closed one by one and fed together: 20 ms of 8 kHz, 16 bit each.

    Time is what was heard: for packets that did not come, feed silence, or the cadence is too short.
    """

    def __init__(self, capacity: int = 256, caution: Caution = Caution.BURST) -> None:
        self._caution = caution
        self._front = FrontEnd(capacity)
        self._voice = VoiceOrMusic(capacity)
        self._listeners: dict[int, _Listener] = {}
        self._free = list(range(capacity))[::-1]
        self._capacity = capacity
        self._deadline = np.full(capacity, np.inf)
        self._pause = np.full(capacity, -1.0)  # before the present burst, seconds

    def open(self, home: Home) -> int:
        """A new stream, to be fed from its first early-media packet on. Returns its number."""
        if not self._free:
            self._grow()
        stream = self._free.pop()
        self._front.reset(stream)
        self._voice.reset(stream)
        self._deadline[stream] = np.inf
        self._pause[stream] = -1.0
        self._listeners[stream] = _Listener(RingJudge(repertoire(home), self._caution))
        return stream

    def close(self, stream: int) -> Verdict:
        """The stream's number may be given out again. Returns its last verdict."""
        listener = self._listeners.pop(stream)
        self._free.append(stream)
        return listener.verdict

    def verdict(self, stream: int) -> Verdict:
        return self._listeners[stream].verdict

    def last(self, stream: int, count: int) -> Samples:
        """What it was fed last, [count, 160]; `KEPT_FRAMES` at most."""
        return self._front.last(stream, count)

    def measured(self, stream: int) -> MeasuredTone | None:
        """The tone heard, for `learned`: None without at least one whole burst and the silence after it."""
        listener = self._listeners[stream]
        return measured(listener.lines, listener.bursts, listener.silences)

    def feed(self, frames: Samples, streams: NDArray[np.integer]) -> list[Heard]:
        """`frames`: int16, [n, 160] or [n, k, 160], one or k (`MOST_AT_ONCE` at most) for each of `streams` [n].

        All are open and no two the same. Returns the verdicts that have changed, in order.
        """
        which: Indices = np.asarray(streams, np.intp)
        block = frames[:, None, :] if frames.ndim == 2 else frames
        if block.shape[::2] != (len(which), FRAME) or not 0 < block.shape[1] <= MOST_AT_ONCE:
            raise BadInput(f"frames of shape {frames.shape}: [{len(which)}, k, {FRAME}] int16 is wanted")
        levels = self._front.hear(block, which)
        return [said for level in levels.T for said in self._step(which, level)]

    def _step(self, which: Indices, level: Floats) -> list[Heard]:
        events = self._front.step(which, level)
        heard = [said for event in events for said in self._on_event(event)]
        heard += self._high_tones(which)
        heard += self._overdue(which)
        self._voice.feed(which, self._front)
        heard += self._voices(which)
        heard += self._silences(which)
        return heard

    # --- bursts -------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> Iterator[Heard]:
        listener = self._listeners[event.stream]
        if event.sign is Sign.BEGAN:
            listener.judge.began(event.length)
            self._pause[event.stream] = -1.0 if event.length is None else event.length
        elif event.sign is Sign.SETTLED:
            yield from self._settled(event.stream, listener)
        elif event.sign is Sign.GOES_ON:
            self._still_a_tone(event.stream, listener)
        else:
            yield from self._ended(event, listener)

    def _settled(self, stream: int, listener: _Listener) -> Iterator[Heard]:
        strong, weak, share = self._front.lines(stream)
        if share < _PURE or not self._is_even(stream, share):
            self._voice.begin(stream)
            return
        self._voice.reset(stream)
        self._front.found_tone(stream)
        listener.lines = tuple(strong)
        opinion = listener.judge.settled(strong, weak)
        self._deadline[stream] = listener.judge.deadline_s()
        yield from self._say(stream, listener, opinion)

    def _still_a_tone(self, stream: int, listener: _Listener) -> None:
        """Music may begin with one long note."""
        _, _, share = self._front.lines(stream)
        if share < _PURE:
            self._front.lost_tone(stream)
            listener.judge.forget()
            self._deadline[stream] = np.inf
            self._voice.begin(stream)

    def _ended(self, event: Event, listener: _Listener) -> Iterator[Heard]:
        stream, length = event.stream, event.length or 0.0
        self._deadline[stream] = np.inf
        end_s = float(self._front.frames[stream]) * FRAME_S - self._front.silence_s(stream)
        was_high = not listener.high.idle
        yield from self._say_high(stream, listener, listener.high.over(end_s))
        if was_high:
            listener.judge.forget()
            return
        strong, weak, share = self._front.lines(stream)
        if event.cut:
            return  # it was the noise that a tone stands out of
        if share < _PURE:
            self._no_tone(stream, listener, length)
            return
        listener.lines = tuple(strong)
        if listener.bursts and self._pause[stream] >= 0:
            listener.silences = [*listener.silences, float(self._pause[stream])][-_REMEMBERED:]
        listener.bursts = [*listener.bursts, (length, event.onset_heard)][-_REMEMBERED:]
        even = self._is_even(stream, share)
        opinion = listener.judge.ended(length, event.onset_heard, strong, weak, even)
        self._deadline[stream] = listener.judge.deadline_s()
        yield from self._say(stream, listener, opinion)

    def _is_even(self, stream: int, share: float) -> bool:
        """Whether the level is a tone's; of a very pure one less is asked, decoders that conceal losses make it dip."""
        most = _UNEVEN_PURE_DB if share >= _VERY_PURE else _UNEVEN_DB
        return self._front.unevenness_db(stream) <= most

    def _no_tone(self, stream: int, listener: _Listener, length_s: float) -> None:
        if length_s < _CLICK_S:
            self._front.disregard(stream)
        else:
            listener.judge.forget()
            self._front.forget_tone(stream)
        self._voice.begin(stream)

    def _overdue(self, streams: Indices) -> Iterator[Heard]:
        front = self._front
        on = front.on[streams]
        lasted = np.where(on, front.age_s(streams), front.quiet_frames(streams) * FRAME_S)
        # neither while a burst may just have ended, nor while one may just have begun
        late = (lasted > self._deadline[streams] + FRAME_S) & ~front.turning(streams)
        for stream, seconds in zip(streams[late].tolist(), lasted[late].tolist(), strict=True):
            listener = self._listeners[stream]
            follow = listener.judge.goes_on if front.on[stream] else listener.judge.quiet
            opinion = follow(seconds)
            self._deadline[stream] = listener.judge.deadline_s()
            # a set of countries that becomes smaller can wait for the end of the burst
            if opinion is not None and _says_more(opinion, listener.verdict):
                yield from self._say(stream, listener, opinion)

    # --- everything that is no ring tone --------------------------------------------------------------

    def _high_tones(self, streams: Indices) -> Iterator[Heard]:
        front = self._front
        fresh = streams[(front.looked_at[streams] == front.frames[streams]) & front.on[streams]]
        high = fresh[HighTones.concern(front.strongest_hz[fresh], front.strongest_share[fresh])]
        for stream in high.tolist():
            listener = self._listeners[stream]
            at_s, onset_s = (float(each[stream]) * FRAME_S for each in (front.frames, front.onset))
            self._voice.reset(stream)
            found = listener.high.heard(at_s, float(front.strongest_hz[stream]), onset_s)
            yield from self._say_high(stream, listener, found)

    def _say_high(self, stream: int, listener: _Listener, found: HighSignal | None) -> Iterator[Heard]:
        if found is not None:
            opinion = Opinion(Hypothesis.NOT_TONE, Signal(found.name), confidence=0.9)
            yield from self._say(stream, listener, opinion, found.detail)

    def _voices(self, streams: Indices) -> Iterator[Heard]:
        for stream, signal, confidence in self._voice.due(streams):
            listener = self._listeners[stream]
            if listener.verdict.may_hang_up or (signal is Signal.SOUND and listener.verdict.signal in _TOLD):
                continue
            yield from self._say(
                stream, listener, Opinion(Hypothesis.NOT_TONE, signal, confidence=confidence)
            )

    def _silences(self, streams: Indices) -> Iterator[Heard]:
        front = self._front
        quiet = front.quiet_frames(streams)
        never = (quiet == _QUIET_FRAMES) & (front.frames[streams] == _QUIET_FRAMES)
        for stream in streams[never | (quiet == _QUIET_AGAIN_FRAMES)].tolist():
            self._listeners[stream].judge.forget()
            front.forget_tone(stream)
            opinion = Opinion(Hypothesis.SILENT, Signal.NOTHING, confidence=0.9)
            yield from self._say(stream, self._listeners[stream], opinion)

    # --- verdicts -----------------------------------------------------------------------------------

    def _say(
        self, stream: int, listener: _Listener, opinion: Opinion | None, detail: str = ""
    ) -> Iterator[Heard]:
        if opinion is None:
            return
        countries = opinion.sounds.countries if opinion.signal is Signal.RING else frozenset()
        told, now = listener.verdict, (opinion.hypothesis, opinion.signal, countries, opinion.may_hang_up)
        if now == (told.hypothesis, told.signal, told.countries, told.may_hang_up):
            return
        listener.verdict = Verdict(
            round(float(self._front.frames[stream]) * FRAME_S, 3),
            opinion.hypothesis,
            opinion.signal,
            countries,
            opinion.confidence,
            opinion.may_hang_up,
            self._evidence(stream, listener, opinion, detail),
        )
        yield stream, listener.verdict

    def _evidence(self, stream: int, listener: _Listener, opinion: Opinion, detail: str) -> Evidence:
        is_tone = bool(opinion.sounds.tones) or opinion.signal is Signal.UNKNOWN_TONE
        level = float(self._front.burst_level[stream])
        return Evidence(
            tuple(round(hz, 1) for hz in listener.lines) if is_tone else (),
            tuple(round(length, 2) for length, _ in listener.bursts) if is_tone else (),
            tuple(round(length, 2) for length in listener.silences) if is_tone else (),
            None if opinion.signal is Signal.NOTHING else round(level, 1),
            opinion.sounds.as_written,
            detail,
        )

    def _grow(self) -> None:
        old, self._capacity = self._capacity, self._capacity * 2
        self._front.grow(self._capacity)
        self._voice.grow(self._capacity)
        more = self._capacity - old
        self._deadline = np.concatenate([self._deadline, np.full(more, np.inf)])
        self._pause = np.concatenate([self._pause, np.full(more, -1.0)])
        self._free = list(range(old, self._capacity))[::-1]


def _says_more(opinion: Opinion, verdict: Verdict) -> bool:
    return (opinion.hypothesis, opinion.may_hang_up) != (verdict.hypothesis, verdict.may_hang_up)


def measure(samples: NDArray[np.int16]) -> MeasuredTone | None:
    """The ring-back tone in a recording from before the answer, whosever it is; None without a whole period."""
    return listen(samples, Home(frozenset()))[1]


def listen(
    samples: NDArray[np.int16], home: Home, caution: Caution = Caution.BURST
) -> tuple[list[Verdict], MeasuredTone | None]:
    """All verdicts on one recording (8 kHz), as they would have come live, and the tone that was measured."""
    ear = ToneEar(1, caution)
    stream = ear.open(home)
    verdicts = [ear.verdict(stream)]
    for start in range(0, len(samples) - FRAME + 1, FRAME):
        frame = np.ascontiguousarray(samples[start : start + FRAME], np.int16)[None, :]
        verdicts += [verdict for _, verdict in ear.feed(frame, np.array([stream]))]
    return verdicts, ear.measured(stream)
