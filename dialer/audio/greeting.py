"""What was said after the answer so far: words, phrases and pauses, and the figures about them that tell who speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dialer.audio.voice_activity import FRAME_S, Flags

_CLICK_FRAMES = 3  # shorter is no word
_WITHIN_WORD_FRAMES = 4  # 80 ms: a stop consonant
_WITHIN_PHRASE_FRAMES = 15  # 0.3 s

Piece = tuple[int, int]
"""First frame, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """In seconds from the answer. `words` are not empty."""

    words: tuple[Piece, ...]
    phrases: tuple[Piece, ...]
    heard_s: float
    """How much was heard altogether."""

    @property
    def start_s(self) -> float:
        return self.words[0][0] * FRAME_S

    @property
    def end_s(self) -> float:
        """The end of the last voiced frame so far."""
        return self.words[-1][1] * FRAME_S

    @property
    def pause_s(self) -> float:
        """Since then."""
        return max(0.0, self.heard_s - self.end_s)

    @property
    def span_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def voice_s(self) -> float:
        return sum(end - first for first, end in self.words) * FRAME_S

    @property
    def longest_pause_s(self) -> float:
        """Between two words."""
        gaps = (later[0] - earlier[1] for earlier, later in zip(self.words, self.words[1:], strict=False))
        return max(gaps, default=0) * FRAME_S

    @property
    def first_phrase_s(self) -> float:
        return (self.phrases[0][1] - self.phrases[0][0]) * FRAME_S

    @property
    def last_phrase_s(self) -> float:
        return (self.phrases[-1][1] - self.phrases[-1][0]) * FRAME_S


def of(voiced: Flags, dropped: int = 0) -> Greeting | None:
    """The greeting in a row of voiced frames, of which `dropped` came before; None when nobody has spoken."""
    words = [
        word for word in _joined(_runs(voiced), _WITHIN_WORD_FRAMES) if word[1] - word[0] >= _CLICK_FRAMES
    ]
    if not words:
        return None
    words = [(first + dropped, end + dropped) for first, end in words]
    return Greeting(
        tuple(words), tuple(_joined(words, _WITHIN_PHRASE_FRAMES)), (dropped + len(voiced)) * FRAME_S
    )


def _runs(voiced: Flags) -> list[Piece]:
    between = np.zeros(len(voiced) + 2, bool)
    between[1:-1] = voiced
    edges = np.flatnonzero(between[1:] != between[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _joined(pieces: Sequence[Piece], within: int) -> list[Piece]:
    joined: list[Piece] = []
    for first, end in pieces:
        if joined and first - joined[-1][1] <= within:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined


_SPAN_KNOTS_S = (0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 2.3, 2.6, 2.9, 3.2, 3.6, 4.0, 4.4, 4.8)
_PAUSE_KNOTS_S = (0.3, 0.45, 0.6, 0.8, 1.1)
FIGURES = (
    *(f"span over {knot} s" for knot in _SPAN_KNOTS_S),
    *(f"pause over {knot} s" for knot in _PAUSE_KNOTS_S),
    "voice in the span", "words", "phrases", "first phrase", "last phrase", "longest pause",
    "pause 0.3 s after a span over 1.4 s",
)  # fmt: skip
"""What the model weighs. How soon somebody speaks is not among them: no published figure tells people from machines."""


def figures(greeting: Greeting) -> list[float]:
    """In the order of `FIGURES`; seconds, counts and shares, none much above 1."""
    span, pause = greeting.span_s, greeting.pause_s
    spans = [min(max(span - knot, 0.0), 0.4) / 0.4 for knot in _SPAN_KNOTS_S]
    pauses = [min(max(pause - knot, 0.0), 0.3) / 0.3 for knot in _PAUSE_KNOTS_S]
    return [
        *spans,
        *pauses,
        greeting.voice_s / max(span, 0.06),
        min(len(greeting.words), 12) / 6,
        min(len(greeting.phrases), 5) / 3,
        min(greeting.first_phrase_s, 3.0) / 2,
        min(greeting.last_phrase_s, 3.0) / 2,
        min(greeting.longest_pause_s, 1.5),
        float(pause > 0.3 and span > 1.4),
    ]
