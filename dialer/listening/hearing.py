"""The ears themselves: which stream is heard by which, what they say as events, and the turn at the answer.

What was heard last is kept, so that the ear for answers begins with the answer although the message of it comes later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dialer.audio.answer_model import Audience
from dialer.audio.answered import AnsweredEar
from dialer.audio.ear import ToneEar
from dialer.audio.frontend import KEPT_FRAMES
from dialer.audio.home import Home
from dialer.clock import Clock
from dialer.listening.matcher import Matcher
from dialer.listening.pace import Counts, Indices, Pace
from dialer.ports.ears import (
    AnnouncementHeard,
    AnswerHeard,
    RingHeard,
    TapId,
    TapOpened,
    ToneMeasured,
)

_NEVER = np.iinfo(np.int64).max
_NONE = -1

Frames = NDArray[np.int16]
Said = TapOpened | RingHeard | AnnouncementHeard | ToneMeasured | AnswerHeard


@dataclass(slots=True)
class Stream:
    """`answered`: on the monotonic clock; `told_answered`: the same moment as we were told it."""

    tap: TapId
    home: Home
    audience: Audience
    answered: float | None = None
    told_answered: datetime | None = None
    answered_at: datetime | None = field(default=None, init=False)
    """From which seconds of `AnswerHeard` count."""


class Hearing:
    """Streams by their row."""

    def __init__(
        self, capacity: int, pace: Pace, matcher: Matcher, clock: Clock, say: Callable[[Said], None]
    ) -> None:
        self._pace, self._clock, self._say = pace, clock, say
        self._tones, self._answers, self._matcher = ToneEar(), AnsweredEar(), matcher
        self._streams: dict[int, Stream] = {}
        self._tone = np.full(capacity, _NONE, np.intp)
        self._match = np.full(capacity, _NONE, np.intp)
        self._answer = np.full(capacity, _NONE, np.intp)
        self._rows: tuple[dict[int, int], dict[int, int], dict[int, int]] = ({}, {}, {})
        self._turns = np.full(capacity, _NEVER, np.int64)  # the frame with which the answer begins

    def open(self, row: int, stream: Stream) -> None:
        """Its first sound has come: `Pace` knows when it began."""
        began = self._pace.moment(row, 0)
        self._streams[row] = stream
        self._turns[row] = _NEVER
        self._say(TapOpened(stream.tap, self._wall(began)))
        if stream.answered is not None and stream.answered <= began:
            self._open_answer(row, self._wall(began))
            return
        tone_rows, match_rows, _ = self._rows
        self._tone[row] = tone = self._tones.open(stream.home)
        self._match[row] = match = self._matcher.open()
        tone_rows[tone] = match_rows[match] = row
        if stream.answered is not None:
            self._turns[row] = self._pace.frame_at(row, stream.answered)

    def answered(self, row: int, moment: float, told: datetime) -> None:
        """Said once; the turn comes with the frame of that moment, which may have been heard or lie ahead."""
        stream = self._streams[row]
        if stream.answered is not None:
            return
        stream.answered, stream.told_answered = moment, told
        turn = self._pace.frame_at(row, moment)
        fed = int(self._pace.fed[row])
        if turn > fed:
            self._turns[row] = turn
            return
        first = max(turn, fed - KEPT_FRAMES, 0)
        kept = self._tones.last(int(self._tone[row]), fed - first)
        self._turn(row, None if first == turn else self._wall(self._pace.moment(row, first)))
        for frame in kept:
            self._hear_answers(frame[None, None, :], np.array([row]))

    def close(self, row: int) -> None:
        del self._streams[row]
        self._close_tone(row)
        if (answer := int(self._answer[row])) != _NONE:
            self._answers.close(answer)
            del self._rows[2][answer]
            self._answer[row] = _NONE

    def feed(self, frames: Frames, rows: Indices, numbers: Counts) -> None:
        """[n, k, 160], k frames for each row; `numbers`: which of its stream's the first is, from 0."""
        count = frames.shape[1]
        turning = numbers + count > self._turns[rows]
        if count > 1 and turning.any():
            for step in range(count):
                self.feed(frames[turning, step : step + 1], rows[turning], numbers[turning] + step)
            frames, rows = frames[~turning], rows[~turning]
        else:
            for row in rows[turning].tolist():
                self._turn(row, None)
        before = self._tone[rows] != _NONE
        if before.all():
            self._hear_tones(frames, rows)
            return
        if before.any():
            self._hear_tones(frames[before], rows[before])
        self._hear_answers(frames[~before], rows[~before])

    def _hear_tones(self, frames: Frames, rows: Indices) -> None:
        tone_rows, match_rows, _ = self._rows
        for tone, verdict in self._tones.feed(frames, self._tone[rows]):
            row = tone_rows[tone]
            self._say(RingHeard(self._streams[row].tap, self._at(row, verdict.at_s), verdict))
        for frame in frames.swapaxes(0, 1):
            for match, found in self._matcher.feed(frame, self._match[rows]):
                row = match_rows[match]
                tap, at = self._streams[row].tap, self._at(row, found.at_s)
                self._say(AnnouncementHeard(tap, at, found.announcement, found.similarity, found.clip))

    def _hear_answers(self, frames: Frames, rows: Indices) -> None:
        for frame in frames.swapaxes(0, 1):
            for answer, news in self._answers.feed(frame, self._answer[rows]):
                stream = self._streams[self._rows[2][answer]]
                began = stream.answered_at
                if began is not None:
                    self._say(AnswerHeard(stream.tap, began + timedelta(seconds=news.at_s), began, news))

    # --- the turn -------------------------------------------------------------------------------------

    def _turn(self, row: int, late: datetime | None) -> None:
        """`late`: the moment with which we begin when the answer itself is no longer kept."""
        self._turns[row] = _NEVER
        stream = self._streams[row]
        if (tone := self._tones.measured(int(self._tone[row]))) is not None:
            self._say(ToneMeasured(stream.tap, tone))
        self._close_tone(row)
        self._open_answer(row, late or stream.told_answered)

    def _close_tone(self, row: int) -> None:
        if (tone := int(self._tone[row])) == _NONE:
            return
        tone_rows, match_rows, _ = self._rows
        match = int(self._match[row])
        self._tones.close(tone)
        self._matcher.close(match)
        del tone_rows[tone]
        match_rows.pop(match, None)
        self._tone[row] = self._match[row] = _NONE

    def _open_answer(self, row: int, answered_at: datetime | None) -> None:
        stream = self._streams[row]
        stream.answered_at = answered_at
        self._answer[row] = answer = self._answers.open(stream.audience)
        self._rows[2][answer] = row

    # --- time -----------------------------------------------------------------------------------------

    def _at(self, row: int, seconds: float) -> datetime:
        return self._wall(self._pace.moment(row, 0) + seconds)

    def _wall(self, moment: float) -> datetime:
        return self._clock.now() - timedelta(seconds=self._clock.monotonic() - moment)
