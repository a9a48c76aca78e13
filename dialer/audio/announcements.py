"""Recognises learned carrier announcements on many streams at once, from wherever a call joins them.

Every half second the last 1.44 s of a stream are compared with every place of every clip. What is similar enough is a
candidate; while candidates of different classes are as alike as sentences that begin the same, only what differs
between them is asked (`resemblance`), and until that has been heard the answer is the set. A clip is followed after the
decision as well: when the line goes on otherwise than the clip, the match is taken back.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dialer.audio import resemblance
from dialer.audio.fingerprint import (
    BANDS,
    HOP,
    PATCH,
    SPAN,
    WINDOW,
    Levels,
    Patches,
    levels_of,
    loud,
    patches,
)
from dialer.audio.frontend import FRAME, FRAME_S, Indices, Samples
from dialer.audio.library import Clip, Library
from dialer.audio.match import Match, says_more
from dialer.audio.resemblance import LOCAL, SIMILAR
from dialer.domain.announcements import Announcement
from dialer.errors import BadInput

__all__ = ["AnnouncementEar", "Clip", "Library", "Match", "listen"]

SIMILAR_NOW = 0.35
"""The least likeness of the last half second; of the right clip 0.4 and more, of another word mostly under 0."""
_KEPT = 200
"""Hops of each stream that are remembered: 8 s."""
_EVERY, _SOON, _AT_ONCE = 24, 12, 4  # frames
_LEAST_LOUD = 0.55  # of a patch, or it says too little
_POSSIBLE = 0.6  # coarse
_RIVAL = 0.25
_UNLIKELY = 0.5
_QUIET_POWER = 100.0 * WINDOW


@dataclass(slots=True)
class _Candidate:
    """A clip that a stream may be in."""

    clip: int
    offset: int
    """The stream's frame less the clip's."""
    similarity: float
    since: int
    """The stream's frame where it was first found, less the patch."""


@dataclass(slots=True)
class _Stream:
    candidates: dict[int, _Candidate] = field(default_factory=dict)
    said: Match | None = None
    followed: _Candidate | None = None
    leaning: frozenset[Announcement] = frozenset()
    """What the last look came to."""


class AnnouncementEar:
    """Streams are opened and closed one by one and fed together: 20 ms of 8 kHz, 16 bit each.

    Time is what was heard: for packets that did not come, feed silence.
    """

    def __init__(self, library: Library, capacity: int = 256) -> None:
        self._library = library
        self._capacity = capacity
        self._levels = np.zeros((capacity, _KEPT, BANDS), np.uint8)
        self._sound = np.zeros((capacity, WINDOW), np.int16)
        self._frames = np.zeros(capacity, np.int64)
        self._due = np.zeros(capacity, np.int64)
        self._streams: dict[int, _Stream] = {}
        self._free = list(range(capacity))[::-1]
        self._opened = 0

    @property
    def library(self) -> Library:
        return self._library

    def learn(self, library: Library) -> None:
        """From now on; what was said of open streams stays said."""
        self._library = library
        for stream, state in self._streams.items():
            self._streams[stream] = _Stream(said=state.said)

    def open(self) -> int:
        """A new stream. Returns its number."""
        if not self._free:
            self._grow()
        stream = self._free.pop()
        self._levels[stream] = 0
        self._sound[stream] = 0
        self._frames[stream] = 0
        # streams that begin together are not all compared in the same moment
        self._opened += 1
        self._due[stream] = PATCH * HOP + self._opened % (_SOON // HOP) * HOP
        self._streams[stream] = _Stream()
        return stream

    def close(self, stream: int) -> Match | None:
        """The stream's number may be given out again. Returns what was last said of it."""
        self._free.append(stream)
        return self._streams.pop(stream).said

    def feed(self, frames: Samples, streams: NDArray[np.integer]) -> list[tuple[int, Match]]:
        """`frames`: int16 [n, 160], one for each of `streams` [n], all open and no two the same.

        Returns what has become known, in order.
        """
        if frames.ndim != 2 or frames.shape != (len(streams), FRAME):
            raise BadInput(f"frames of shape {frames.shape}: [{len(streams)}, {FRAME}] int16 is wanted")
        which: Indices = np.asarray(streams, np.intp)
        self._hear(frames, which)
        due = which[(self._frames[which] >= self._due[which]) & (self._frames[which] % HOP == 0)]
        if not len(due) or not self._library.clips:
            return []
        self._due[due] = self._frames[due] + _EVERY
        return self._compare(due)

    def _hear(self, frames: Samples, streams: Indices) -> None:
        self._frames[streams] += 1
        odd = self._frames[streams] % HOP == 1
        self._sound[streams[odd], FRAME : 2 * FRAME] = frames[odd]
        now, last = streams[~odd], frames[~odd]
        windows = self._sound[now]
        windows[:, 2 * FRAME :] = last
        self._sound[now, :FRAME] = last
        place = (self._frames[now] // HOP - 1) % _KEPT
        samples = windows.astype(np.float32)
        sounding = np.einsum("ij,ij->i", samples, samples) > _QUIET_POWER
        self._levels[now, place] = 0
        if sounding.any():
            self._levels[now[sounding], place[sounding]] = levels_of(samples[sounding])

    def _last(self, stream: int, hops: int) -> Levels:
        now = int(self._frames[stream]) // HOP
        found: Levels = self._levels[stream, np.arange(now - hops, now) % _KEPT]
        return found

    # --- comparing ----------------------------------------------------------------------------------

    def _compare(self, streams: Indices) -> list[tuple[int, Match]]:
        moments = (self._frames[streams][:, None] // HOP + np.arange(-PATCH, 0)) % _KEPT
        windows = self._levels[streams[:, None], moments]
        sounding = loud(windows)
        speaks = (sounding.mean(axis=1) >= _LEAST_LOUD) & sounding[:, -LOCAL:].any(axis=1)
        said: list[tuple[int, Match]] = []
        for stream in streams[~speaks].tolist():
            said += self._settle(stream, self._streams[stream], None)
        if not speaks.any():
            return said
        fine, coarse = patches(windows[speaks])
        everywhere, best = self._library.likeness(coarse)
        possible = best.max(axis=1) >= _POSSIBLE
        for row, stream in enumerate(streams[speaks].tolist()):
            state = self._streams[stream]
            if possible[row] or state.candidates or state.followed is not None:
                self._look(stream, state, fine[row], everywhere[row], best[row])
                said += self._settle(stream, state, fine[row])
        return said

    def _look(
        self,
        stream: int,
        state: _Stream,
        fine: Patches,
        everywhere: NDArray[np.float32],
        best: NDArray[np.float32],
    ) -> None:
        """Candidates that are there still, and new ones."""
        now = int(self._frames[stream])
        for clip, known in list(state.candidates.items()):
            similarity, end = self._library.near(clip, now - known.offset, fine)
            if similarity:
                known.offset = now - end
            if similarity or not 0 < self._over(now, known) <= _EVERY:
                known.similarity = similarity
        least = max(_POSSIBLE, float(best.max()) - _RIVAL)
        for clip in self._library.best_of_classes(best, least):
            similarity, end = self._library.place(clip, everywhere, fine)
            before = state.candidates.get(clip)
            if before is None or similarity > before.similarity + 0.05:
                state.candidates[clip] = _Candidate(clip, now - end, similarity, now - SPAN)

    def _over(self, now: int, known: _Candidate) -> int:
        """Frames since the end of its clip; negative inside."""
        return now - known.offset - len(self._library.clips[known.clip].fingerprint.levels)

    # --- deciding -----------------------------------------------------------------------------------

    def _settle(self, stream: int, state: _Stream, fine: Patches | None) -> list[tuple[int, Match]]:
        before = state.said
        if state.followed is not None and not self._goes_on(stream, state):
            state.followed = None
            state.candidates.clear()
            if before is not None and before.among:
                now_s = float(self._frames[stream]) * FRAME_S
                state.said = replace(before, at_s=round(now_s, 2), among=frozenset())
        self._forget(stream, state, silent=fine is None)
        self._decide(stream, state)
        if state.candidates or state.followed is not None:
            sure = len(state.leaning) == 1 and state.followed is None
            self._due[stream] = self._frames[stream] + (_AT_ONCE if sure else _SOON)
        return [(stream, state.said)] if state.said is not None and state.said is not before else []

    def _forget(self, stream: int, state: _Stream, silent: bool) -> None:
        """Candidates that are long over, and those that were none."""
        now = int(self._frames[stream])
        for clip, known in list(state.candidates.items()):
            if self._over(now, known) > SPAN or (not silent and 0 < known.similarity < _UNLIKELY):
                del state.candidates[clip]

    def _decide(self, stream: int, state: _Stream) -> None:
        """Also in the silence after it: that the clip is over may be what tells it from a longer one."""
        now = int(self._frames[stream])
        found = sorted(state.candidates.values(), key=lambda each: -each.similarity)
        if not found or found[0].similarity < SIMILAR or self._over(now, found[0]) > _EVERY:
            return
        ours = self._library.clips[found[0].clip].announcement
        # after the last word nothing can be alike: the look before has seen to it
        confirmed = state.leaning == {ours} and self._over(now, found[0]) > 0
        if not confirmed and not self._alike_now(stream, found[0]):
            return
        among = self._among(stream, found)
        leaning, state.leaning = state.leaning, among
        if len(among) == 1 and self._is_contested(found) and leaning != among:
            return  # among siblings one look is not enough
        if len(among) == 1:
            state.followed = found[0]
        if says_more(among, state.said):
            state.said = self._match(stream, found[0], among)

    def _is_contested(self, found: list[_Candidate]) -> bool:
        return len({self._library.clips[each.clip].announcement for each in found}) > 1

    def _among(self, stream: int, found: list[_Candidate]) -> frozenset[Announcement]:
        """What it may be, by all that was heard since any of them may have begun."""
        best, clips, now = found[0], self._library.clips, int(self._frames[stream])
        ours = clips[best.clip].announcement
        rivals = [each for each in found[1:] if clips[each.clip].announcement is not ours]
        if not rivals:
            return frozenset([ours])
        begun = max(0, min(each.offset for each in found), min(each.since for each in found))
        hops = min(_KEPT, (now - begun) // HOP)
        one, *others = (
            resemblance.piece(clips[each.clip].fingerprint.levels, now - each.offset, hops)
            for each in (best, *rivals)
        )
        excluded = resemblance.rather(self._last(stream, hops), one, np.stack(others))
        possible = [each for each, out in zip(rivals, excluded.tolist(), strict=True) if not out]
        return frozenset([ours, *(clips[each.clip].announcement for each in possible)])

    def _alike_now(self, stream: int, candidate: _Candidate) -> bool:
        end = int(self._frames[stream]) - candidate.offset
        clip = resemblance.piece(self._library.clips[candidate.clip].fingerprint.levels, end, PATCH)
        return resemblance.alike_now(self._last(stream, PATCH), clip) >= SIMILAR_NOW

    def _goes_on(self, stream: int, state: _Stream) -> bool:
        """False when the followed clip is not what is heard; a clip that is over is followed no more."""
        followed = state.followed
        if followed is None:
            return True
        if int(self._frames[stream]) - followed.offset >= len(
            self._library.clips[followed.clip].fingerprint.levels
        ):
            state.followed = None
            return True
        return self._alike_now(stream, followed)

    def _match(self, stream: int, best: _Candidate, among: frozenset[Announcement]) -> Match:
        clip, now = self._library.clips[best.clip], int(self._frames[stream])
        end = now - best.offset
        heard = min(now - best.since, end)
        return Match(
            round(now * FRAME_S, 2),
            among,
            clip.name,
            round(min(1.0, best.similarity), 3),
            round(heard * FRAME_S, 2),
            round(clip.fingerprint.seconds, 2),
        )

    def _grow(self) -> None:
        old, self._capacity = self._capacity, self._capacity * 2
        for name in ("_levels", "_sound", "_frames", "_due"):
            mine = getattr(self, name)
            setattr(self, name, np.concatenate([mine, np.zeros_like(mine)]))
        self._free = list(range(old, self._capacity))[::-1]


def listen(samples: Samples, library: Library) -> list[Match]:
    """All that would have been said live about one recording, 8 kHz."""
    ear = AnnouncementEar(library, 1)
    stream = np.array([ear.open()])
    matches = []
    for start in range(0, len(samples) - FRAME + 1, FRAME):
        frame = np.ascontiguousarray(samples[start : start + FRAME], np.int16)[None, :]
        matches += [match for _, match in ear.feed(frame, stream)]
    return matches
