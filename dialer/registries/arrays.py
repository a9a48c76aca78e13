"""The arrays that go from the reader to the index."""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
Keys = NDArray[np.int64]
"""E.164 digits as integers."""

__all__ = ["Bytes", "Counts", "Flags", "Keys", "np"]
