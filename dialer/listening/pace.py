"""How much of a line's sound did not come.

Asterisk sends a frame for each one that came from the carrier: where packets were lost, or the line sends nothing, there is
no frame, and a cadence would be too short. So each stream is held to the clock. What is late is not lost: a frame is counted
as missing only when all that has come was read, and later ones are there; or when nothing has come for a quarter of a second.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Counts = NDArray[np.int64]

FRAME_S = 0.02
JITTER_FRAMES = 3
"""Asterisk's timer, the network and our own ticks."""
LATE_FRAMES = 12
_MOST_AT_ONCE = 50


class Pace:
    """One row for each stream; moments are on the monotonic clock."""

    def __init__(self, capacity: int) -> None:
        self.began = np.full(capacity, np.nan)
        """The moment of the first sample: as early as any frame has shown it to be."""
        self.fed = np.zeros(capacity, np.int64)
        """Frames so far, those of silence included."""

    def reset(self, row: int) -> None:
        self.began[row] = np.nan
        self.fed[row] = 0

    def missing(
        self, rows: Indices, came: Counts, drained: NDArray[np.bool_], before: float, after: float
    ) -> Counts:
        """How many frames of silence belong before the `came` ones of each row; 0 before its first frame.

        They were read between `before` and `after`. `drained`: everything that had come by `before` was. Counts both as fed.
        """
        fed, began = self.fed[rows] + came, self.began[rows]
        # NaN stays: not begun, and nothing has come
        began = np.where(came > 0, np.fmin(began, after - fed * FRAME_S), began)
        self.began[rows] = began
        late = np.nan_to_num((before - began) / FRAME_S - fed)
        allowed = np.where(came > 0, JITTER_FRAMES, LATE_FRAMES)
        silence = np.where(drained, np.clip(np.floor(late) - allowed, 0, _MOST_AT_ONCE), 0).astype(np.int64)
        self.fed[rows] = fed + silence
        return silence

    def moment(self, row: int, frame: int) -> float:
        """When this frame began."""
        return float(self.began[row]) + frame * FRAME_S

    def frame_at(self, row: int, moment: float) -> int:
        """The frame that begins nearest to this moment; may lie ahead."""
        return round((moment - float(self.began[row])) / FRAME_S)
