"""Who has answered: a person, a machine, a beep, a fax, nobody. Many streams, 20 ms at a time, from the answer on.

Timing of speech over `voice_activity`, weighed by `answer_model`; tones by `beep`. A verdict is given once. Silence is never
a machine, and what stays uncertain is to be treated as a person (`Verdict.is_person`). Times are what was heard since the
answer: for packets that did not come, feed silence. The greeting's end is its last voiced frame, not the moment at which
that was known: rules that count from it need it so (47 CFR 64.1200(a)(7); Ofcom counts from its start).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dialer.audio import answer_model, greeting
from dialer.audio.answer_model import AnswerModel, Audience
from dialer.audio.beep import Lines, Tone
from dialer.audio.greeting import Greeting
from dialer.audio.voice_activity import FRAME, FRAME_S, Indices, Samples, Voices
from dialer.errors import BadInput


class Verdict(StrEnum):
    PERSON = "person"
    MACHINE = "machine"
    BEEP = "beep"
    """A machine that records already."""
    FAX = "fax"
    SILENCE = "silence"
    """Nobody has spoken: perhaps a slow speaker."""
    UNCERTAIN = "uncertain"

    @property
    def is_person(self) -> bool:
        """To be connected like one: only a machine or a fax that was recognised is not."""
        return self in (Verdict.PERSON, Verdict.SILENCE, Verdict.UNCERTAIN)


class Kind(StrEnum):
    SPEECH = "speech"
    """Somebody has begun to speak; nothing else is known yet. Told once, before the verdict."""
    VERDICT = "verdict"
    GREETING_OVER = "greeting_over"
    """A machine's: nothing was said for `GREETING_OVER_S`, or it beeped."""
    BEEP = "beep"


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from the answer. `greeting_end_s`: None when nobody spoke, or a machine is still speaking.

    `machine`: its probability when the verdict was given, None when the greeting was not weighed.
    """

    verdict: Verdict
    decided_at_s: float
    greeting_start_s: float | None = None
    greeting_end_s: float | None = None
    beep_at_s: float | None = None
    machine: float | None = None


@dataclass(frozen=True, slots=True)
class News:
    """`answer`: all that is known now."""

    kind: Kind
    at_s: float
    answer: Answer


Heard = tuple[int, News]
"""A stream, and what is new of it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `pause_s`: how long nothing is said until a greeting may be over."""

    pause_s: float = 0.44
    long_pause_s: float = 1.2
    silence_s: float = 3.0
    longest_s: float = 7.0

    def __post_init__(self) -> None:
        if not 0.2 <= self.pause_s <= self.long_pause_s <= self.longest_s <= 7.0 or not self.silence_s >= 1.0:
            raise BadInput(
                "patience: 0.2 ≤ pause_s ≤ long_pause_s ≤ longest_s ≤ 7 s, and silence_s of at least 1 s",
                "patience",
            )


GREETING_OVER_S = 1.2
_EVERY_FRAMES, _EVERY_FRAMES_IN_SPEECH = 2, 6
_BARE_BEEP_S = 0.35  # a phone picked up may chirp
_RINGING_STILL_S = 0.1  # a tone that was there before is the end of the ring-back tone


class _Listener:
    __slots__ = ("answer", "beep_at_s", "greeting_over", "long", "model", "spoke")

    def __init__(self, model: AnswerModel) -> None:
        self.model = model
        self.answer: Answer | None = None
        self.beep_at_s: float | None = None
        self.greeting_over = False
        self.long = False
        self.spoke = False


class AnsweredEar:
    """Streams are opened at the answer, fed together, and closed one by one."""

    def __init__(self, capacity: int = 64, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._pause_frames = int(self._patience.pause_s / FRAME_S) - 1
        self._voices = Voices(capacity)
        self._lines = Lines()
        self._listeners: dict[int, _Listener] = {}
        self._free = list(range(capacity))[::-1]
        self._capacity = capacity
        self._over = np.zeros(capacity, bool)  # nothing more is to be told of it

    def open(self, audience: Audience = Audience.OFFICES) -> int:
        """A new stream, to be fed from the answer on. Returns its number."""
        if not self._free:
            self._voices.grow(2 * self._capacity)
            self._free = list(range(self._capacity, 2 * self._capacity))[::-1]
            self._capacity *= 2
            self._over = np.resize(self._over, self._capacity)
        stream = self._free.pop()
        self._over[stream] = False
        self._voices.reset(stream)
        self._lines.reset(stream)
        self._listeners[stream] = _Listener(answer_model.load(audience))
        return stream

    def close(self, stream: int) -> Answer:
        """The stream's number may be given out again. Without a verdict so far: uncertain."""
        listener = self._listeners.pop(stream)
        self._free.append(stream)
        if listener.answer is not None:
            return listener.answer
        said = self._greeting(stream)
        return _answer(Verdict.UNCERTAIN, self._heard_s(stream), said, over=True)

    def feed(self, frames: Samples, streams: NDArray[np.integer]) -> list[Heard]:
        """`frames`: int16 [n, 160], one for each of `streams` [n], all open and no two the same."""
        which: Indices = np.asarray(streams, np.intp)
        over = self._over[which]
        if over.any():
            frames, which = frames[~over], which[~over]
        self._voices.feed(frames, which)
        news = [
            (stream, each)
            for stream, tone, over in self._lines.feed(which, self._voices)
            for each in self._on_tone(stream, tone, over)
        ]
        news += self._on_voices(which)
        for stream, said in news:
            # a machine's greeting has an end, and mostly a beep; of everybody else all is known with the verdict
            if said.kind in (Kind.VERDICT, Kind.BEEP):
                self._over[stream] = said.kind is Kind.BEEP or said.answer.verdict is not Verdict.MACHINE
        return news

    def _on_voices(self, which: Indices) -> Iterator[Heard]:
        due = which[self._voices.frames[which] % _EVERY_FRAMES == 0]
        waiting = np.asarray([stream for stream in due.tolist() if not self._is_done(stream)], np.intp)
        if not len(waiting):
            return
        heard, dropped = self._voices.frames[waiting], self._voices.dropped[waiting]
        kept, rows = (heard - dropped).tolist(), self._voices.voiced(waiting)
        for stream, row, length, before in zip(waiting.tolist(), rows, kept, dropped.tolist(), strict=True):
            voiced = row[:length]
            # while somebody speaks, only a machine can be recognised, and only by a long greeting
            every = _EVERY_FRAMES if self._listeners[stream].long else _EVERY_FRAMES_IN_SPEECH
            if (length + before) % every and voiced[-self._pause_frames :].any():
                continue
            for each in self._weigh(stream, greeting.of(voiced, before)):
                yield stream, each

    def _is_done(self, stream: int) -> bool:
        """Nothing more is wanted of the voice."""
        listener = self._listeners[stream]
        if listener.answer is None:
            return False
        machine = listener.answer.verdict is Verdict.MACHINE
        return not machine or listener.greeting_over or int(self._voices.frames[stream]) % 10 != 0

    # --- the voice ----------------------------------------------------------------------------------

    def _weigh(self, stream: int, said: Greeting | None) -> Iterator[News]:
        listener, now = self._listeners[stream], self._heard_s(stream)
        if listener.answer is not None:
            if said is not None and said.pause_s >= GREETING_OVER_S:
                yield self._greeting_over(listener, listener.answer, now, said.end_s)
            return
        if said is not None and not listener.spoke:
            listener.spoke = True
            yield News(Kind.SPEECH, now, Answer(Verdict.UNCERTAIN, now, round(said.start_s, 3)))
        listener.long = said is not None and said.span_s >= listener.model.long_s
        answer = self._verdict(listener.model, now, said, beeping=self._lines.sounds(stream))
        if answer is not None:
            listener.answer = answer
            yield News(Kind.VERDICT, now, answer)

    def _verdict(
        self, model: AnswerModel, now: float, said: Greeting | None, *, beeping: bool
    ) -> Answer | None:
        patience = self._patience
        if said is None:
            return Answer(Verdict.SILENCE, now) if now >= patience.silence_s else None
        over, long = said.pause_s >= patience.pause_s, said.span_s >= model.long_s
        if not over and not long and now < patience.longest_s:
            return None
        figures, scale = greeting.figures(said), model.paused if over else model.speaking
        machine = scale.machine(figures)
        if not over and long and machine >= scale.threshold:
            return _answer(Verdict.MACHINE, now, said, over=False, machine=machine)
        if over and machine <= scale.threshold and not beeping:
            return _answer(Verdict.PERSON, now, said, over=True, machine=machine)
        if now >= patience.longest_s or (said.pause_s >= patience.long_pause_s and not beeping):
            return _answer(Verdict.UNCERTAIN, now, said, over=over, machine=machine)
        return None

    def _greeting(self, stream: int) -> Greeting | None:
        voiced = self._voices.voiced(np.asarray([stream], np.intp))[0]
        return greeting.of(voiced, int(self._voices.dropped[stream]))

    def _heard_s(self, stream: int) -> float:
        return round(int(self._voices.frames[stream]) * FRAME_S, 3)

    @staticmethod
    def _greeting_over(listener: _Listener, known: Answer, now: float, end_s: float) -> News:
        end_s = round(end_s, 3)
        listener.greeting_over = True
        listener.answer = replace(known, greeting_end_s=end_s)
        return News(Kind.GREETING_OVER, now, listener.answer)

    # --- tones --------------------------------------------------------------------------------------

    def _on_tone(self, stream: int, tone: Tone, over: bool) -> Iterator[News]:
        listener, now = self._listeners[stream], self._heard_s(stream)
        known = listener.answer
        if known is None:
            said = self._greeting(stream)
            spoke = said is not None and said.start_s < tone.start_s
            verdict = _said_by(tone, spoke, over)
            if verdict is None:
                return
            beep = round(tone.start_s, 3) if verdict is Verdict.BEEP else None
            listener.beep_at_s = beep
            answer = _answer(verdict, now, said if spoke else None, over=True)
            end_s = answer.greeting_end_s
            if beep is not None and end_s is not None:
                end_s = min(end_s, beep)
            listener.answer = known = replace(answer, beep_at_s=beep, greeting_end_s=end_s)
            yield News(Kind.VERDICT, now, known)
            if beep is not None:
                yield News(Kind.BEEP, now, known)
        elif known.verdict is Verdict.MACHINE and over and tone.is_beep and listener.beep_at_s is None:
            listener.beep_at_s = round(tone.start_s, 3)
            if not listener.greeting_over:
                said = self._greeting(stream)
                end_s = min(said.end_s, tone.start_s) if said is not None else tone.start_s
                yield self._greeting_over(listener, known, now, max(end_s, known.greeting_start_s or 0.0))
            listener.answer = replace(listener.answer or known, beep_at_s=listener.beep_at_s)
            yield News(Kind.BEEP, now, listener.answer)


def _said_by(tone: Tone, spoke: bool, over: bool) -> Verdict | None:
    if not spoke and (tone.is_answering_fax or (over and tone.is_calling_fax)):
        return Verdict.FAX
    if not over or not tone.is_beep or tone.start_s < _RINGING_STILL_S:
        return None
    return Verdict.BEEP if spoke or tone.end_s - tone.start_s >= _BARE_BEEP_S else None


def _answer(
    verdict: Verdict, now: float, said: Greeting | None, *, over: bool, machine: float | None = None
) -> Answer:
    start = None if said is None else round(said.start_s, 3)
    end = round(min(said.end_s, now), 3) if said is not None and over else None
    return Answer(verdict, now, start, end, None, None if machine is None else round(machine, 4))


def listen(
    samples: Samples, audience: Audience = Audience.OFFICES, patience: Patience | None = None
) -> tuple[Answer, list[News]]:
    """One recording that begins with the answer, 8 kHz. What is left of a frame at its end is not heard."""
    call = OneAnswer(audience, patience)
    news = call.feed(samples)
    return call.close(), news


class OneAnswer:
    """One stream by itself, fed with any number of samples at a time."""

    def __init__(self, audience: Audience = Audience.OFFICES, patience: Patience | None = None) -> None:
        self._ear = AnsweredEar(1, patience)
        self._stream = np.array([self._ear.open(audience)])
        self._rest = np.zeros(0, np.int16)

    def feed(self, samples: Samples) -> list[News]:
        """8 kHz, 16 bit."""
        heard = np.concatenate([self._rest, samples])
        whole = len(heard) // FRAME
        self._rest = heard[whole * FRAME :]
        frames = heard[: whole * FRAME].reshape(whole, 1, FRAME)
        return [news for frame in frames for _, news in self._ear.feed(frame, self._stream)]

    def close(self) -> Answer:
        return self._ear.close(int(self._stream[0]))
