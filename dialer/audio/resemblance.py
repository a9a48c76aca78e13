"""Whether a sound is the one or the other of two clips that share sentences: only what differs between them is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.audio.fingerprint import BANDS, DEPTH, HOP, SPAN, STEPS_PER_DB, Fingerprint, Levels
from dialer.audio.frontend import FRAME_S

SIMILAR = 0.75
"""The least cosine of two patches that counts as the same sound. Other speech came near 0.6, see the benchmark."""
LOCAL = 12
"""Hops: how far back a word is looked for."""
_CLEAR, _CLEAR_IN_ALL = 0.25, 6.4  # towards: 1 is the one, -1 the other, 0 neither
_ENOUGH = 175.0  # squared decibels times hops: about a tenth of a second of different sounds
_CODECS_DB = 3.0  # a difference that may come from a codec
_SAYS_NOTHING = 4.0

Shapes = NDArray[np.float32]


def piece(clip: Levels, end: int, hops: int) -> Levels:
    """[hops, bands] of a clip as a stream would hear it, the last being frame `end` - 1; what lies outside is silent."""
    frames = np.arange(end - 1 - (hops - 1) * HOP, end, HOP)
    out = np.zeros((hops, BANDS), np.uint8)
    inside = (frames >= 0) & (frames < len(clip))
    out[inside] = clip[frames[inside]]
    return out


def shapes(levels: Levels) -> Shapes:
    """[…, hops, bands] in decibels, smooth in time, without level and frequency response."""
    top = levels.max(axis=(-2, -1), keepdims=True).astype(np.float32)
    seen = np.maximum(levels.astype(np.float32), top - DEPTH) / np.float32(STEPS_PER_DB)
    seen -= seen.mean(axis=-1, keepdims=True)
    seen -= seen.mean(axis=-2, keepdims=True)
    smooth = seen.copy()
    smooth[..., 1:, :] += seen[..., :-1, :]
    smooth[..., :-1, :] += seen[..., 1:, :]
    return np.asarray(smooth / np.float32(3), np.float32)


def alike_now(heard: Levels, clip: Levels) -> float:
    """-1 to 1: likeness of the last half second; 1 when the clip itself says nothing there."""
    ours, theirs = (shapes(each)[-LOCAL:] for each in (heard, clip))
    if float(np.square(theirs).mean()) < _SAYS_NOTHING:
        return 1.0
    return float((ours * theirs).sum() / (np.linalg.norm(ours) * np.linalg.norm(theirs) + 1e-3))


def rather(heard: Levels, one: Levels, others: Levels) -> NDArray[np.bool_]:
    """For each of `others` [n, hops, bands] whether it is certainly `one` and not that; all of the same moments.

    The linear discriminant between two known shapes under even noise: the projection on their difference. The more
    they differ, the less clear it has to be.
    """
    q, a, b = shapes(heard), shapes(one), shapes(others)
    difference = a - b
    difference[np.abs(difference) < _CODECS_DB] = 0.0
    energy = np.maximum(np.einsum("nij,nij->n", difference, difference), np.float32(1e-3))
    towards = 2 * np.einsum("nij,nij->n", q - (a + b) / 2, difference) / energy
    energy /= BANDS
    clear = (towards > _CLEAR) & (towards * np.sqrt(energy) > _CLEAR_IN_ALL)
    return np.asarray(clear & (energy > _ENOUGH), np.bool_)


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Of one clip with another, in the one's own seconds."""

    similarity: float
    """Of their most similar patches."""
    alike_s: float
    """How much of the one is also in the other."""
    differs_from_s: float | None
    """Whoever hears the one from its beginning knows by then that it is not the other; None: never."""


def resemblance(one: Fingerprint, other: Fingerprint) -> Resemblance | None:
    """None when they share nothing."""
    mine, theirs = one.patches()[0], other.patches()[0]
    every = 6
    scores = mine[::every] @ theirs.T
    best = scores.max(axis=1)
    similar = np.flatnonzero(best >= SIMILAR)
    if not len(similar):
        return None
    shared = np.zeros(len(one.levels), bool)
    for start in similar * every:
        shared[start : start + SPAN] = True
    place = int(best.argmax())
    offset = int(scores[place].argmax()) - place * every
    return Resemblance(float(best.max()), float(shared.sum()) * FRAME_S, _differs_from_s(one, other, offset))


def _differs_from_s(one: Fingerprint, other: Fingerprint, offset: int) -> float | None:
    for end in range(SPAN, len(one.levels) + 1, HOP):
        hops = (end + 1) // HOP
        mine = piece(one.levels, end, hops)
        if rather(mine, mine, piece(other.levels, end + offset, hops)[None]).all():
            return round(end * FRAME_S, 2)
    return None
