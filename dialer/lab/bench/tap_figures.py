"""What a benchmark of taps makes of what was heard."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median
from typing import Any

from dialer.lab.bench.ear_receiver import Stream
from dialer.lab.bench.tap_ways import Line

FRAMES_PER_S = 50
AFTER_ANSWER_S = 2.0
_AROUND_ANSWER_S = 0.3, 1.0
_AUDIBLE = 50.0


@dataclass(slots=True)
class Heard:
    """CPU is Asterisk's, in seconds: until every line rings and is heard, and while they ring on; beside it the seconds
    that all lines together rang meanwhile."""

    lines: list[Line]
    streams: Sequence[Stream | None] = ()
    from_the_order: bool = False
    setup_cpu_s: float = 0.0
    setup_line_s: float = 0.0
    steady_cpu_s: float = 0.0
    steady_line_s: float = 0.0
    problem: str = ""
    left_channels: int = 0

    @property
    def steady_ms_per_line_s(self) -> float:
        """Milliseconds of CPU for a second of one ringing line."""
        return 1000 * self.steady_cpu_s / max(self.steady_line_s, 1e-9)

    @property
    def setup_ms_per_line(self) -> float:
        """Without what the lines cost while they rang on."""
        rang_on = self.steady_ms_per_line_s * self.setup_line_s
        return (1000 * self.setup_cpu_s - rang_on) / len(self.lines)

    def with_more(self, other: "Heard") -> "Heard":
        """Another round of the same way."""
        return Heard(
            [*self.lines, *other.lines],
            [*self.streams, *other.streams],
            self.from_the_order,
            self.setup_cpu_s + other.setup_cpu_s,
            self.setup_line_s + other.setup_line_s,
            self.steady_cpu_s + other.steady_cpu_s,
            self.steady_line_s + other.steady_line_s,
            self.problem or other.problem,
            self.left_channels + other.left_channels,
        )


def figures(runs: Mapping[str, Heard], untapped: Sequence[str]) -> dict[str, Any]:
    """By way. Costs are above those of the same lines with nobody listening."""
    bare = [runs[name] for name in untapped]
    base_steady = mean(each.steady_ms_per_line_s for each in bare)
    base_setup = mean(each.setup_ms_per_line for each in bare)
    base = {
        "asterisk_ms_per_line_s": [round(each.steady_ms_per_line_s, 2) for each in bare],
        "asterisk_ms_setup_per_line": [round(each.setup_ms_per_line, 2) for each in bare],
        "answers_seen": [_answers(each) for each in bare],
        "lines": len(bare[0].lines),
    }
    tapped = {
        name: _way(heard, base_steady, base_setup) for name, heard in runs.items() if name not in untapped
    }
    return {"untapped": base, **tapped}


def _way(heard: Heard, base_steady: float, base_setup: float) -> dict[str, Any]:
    pairs = [
        (line, stream)
        for line, stream in zip(heard.lines, heard.streams, strict=True)
        if stream is not None and stream.came
    ]
    known = {
        "taps_up": len(pairs),
        "answers_seen": _answers(heard),
        "channels_left_after_hang_up": heard.left_channels,
        "problem": heard.problem,
    }
    if not pairs:
        return known
    return {
        **known,
        "asterisk_ms_per_line_s_more": round(heard.steady_ms_per_line_s - base_steady, 2),
        "asterisk_ms_setup_more": round(heard.setup_ms_per_line - base_setup, 2),
        **_speed(pairs, heard.from_the_order),
        **_sound(pairs),
    }


def _answers(heard: Heard) -> int:
    return sum(line.answered is not None for line in heard.lines)


def _speed(pairs: Sequence[tuple[Line, Stream]], from_the_order: bool) -> dict[str, Any]:
    orders = [line.ordered if from_the_order else line.rang or line.ordered for line, _ in pairs]
    first = [1000 * (stream.came[0] - order) for order, (_, stream) in zip(orders, pairs, strict=True)]
    since_183 = [1000 * (stream.came[0] - line.rang) for line, stream in pairs if line.rang is not None]
    return {
        "taps_up_per_s": round(
            len(pairs) / max(_busy_s(orders, [stream.began for _, stream in pairs]), 1e-9)
        ),
        "order_to_first_frame_ms": _spread(first),
        "ringing_to_first_frame_ms": _spread(since_183),
    }


def _busy_s(ordered: Sequence[float], began: Sequence[float]) -> float:
    """Seconds in which some order had not been carried out."""
    busy, since, until = 0.0, -math.inf, -math.inf
    for order, beginning in sorted(zip(ordered, began, strict=True)):
        if order > until:
            busy += until - since if until > since else 0.0
            since, until = order, beginning
        until = max(until, beginning)
    return busy + until - since


def _sound(pairs: Sequence[tuple[Line, Stream]]) -> dict[str, Any]:
    """Frames received over those due, from the first one to the answer. At the answer a carrier may pause: the lab's does
    for half a second when nothing is sent to it, as by the ways that have no waiting bridge."""
    whole = [(stream, line.answered) for line, stream in pairs if line.answered is not None]
    if not whole:
        return {"frames_over_due": 0.0, "audible": 0}
    due = sum(FRAMES_PER_S * (answered - stream.came[0]) for stream, answered in whole)
    got = sum(sum(came < answered for came in stream.came) for stream, answered in whole)
    before, after = _AROUND_ANSWER_S
    return {
        "frames_over_due": round(got / due, 4),
        "longest_gap_ringing_ms": _spread(
            [_longest_gap_ms(stream, 0.0, answered - before) for stream, answered in whole]
        ),
        "gap_at_answer_ms": _spread(
            [_longest_gap_ms(stream, answered - before, answered + after) for stream, answered in whole]
        ),
        "audible": sum(stream.loudness(last=FRAMES_PER_S) > _AUDIBLE for stream, _ in whole),
    }


def _longest_gap_ms(stream: Stream, since: float, until: float) -> float:
    """A stream that has stopped has a gap up to the end."""
    moments = [*(came for came in stream.came if since <= came < until), until]
    if len(moments) == 1:
        return 1000 * (until - max(since, stream.came[0]))
    return 1000 * max(later - sooner for sooner, later in pairwise(moments))


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(median(values), 1), "most": round(max(values), 1)}
