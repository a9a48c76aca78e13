"""Carrier announcements recognised: how surely, how soon, never in anything else, at what cost.

The set is synthetic: `dialer.lab.ears.announced`; the learned clip and the played one are the same synthesizer's, and
differ by what happens on the way. No operator's recordings were available.
"""

import os
from typing import Any

import numpy as np

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from dialer.lab.ears import announced_trials as trials

_SEED = 50_01
SAME_WORDS = "words of an announcement"
"""Other voices of the same synthesizer that say a learned sentence: told apart in the figures, and no false match."""


def run(quick: bool) -> dict[str, Any]:
    found = trials.recognise(1 if quick else 15, _SEED)
    without = trials.unlearned(1 if quick else 4, _SEED + 1)
    others = trials.others(_SEED + 2, quick)
    cost = trials.cost(200 if quick else 1000, 4.0 if quick else 6.0, _SEED + 3)
    _, library = trials.whole_carrier()
    return {
        "synthetic": True,
        "clips": len(library.clips),
        "clips_s": round(library.seconds, 1),
        "trials": found.trials["all"],
        "recognised": found.right["all"] / found.trials["all"],
        "recognised_by": {group: found.right[group] / n for group, n in sorted(found.trials.items())},
        "wrong_class": found.wrong,
        "only_a_set": found.only_a_set,
        "nothing_said": found.nothing,
        "taken_back": found.taken_back,
        "decided_s": _percentiles(found.decided_s),
        "narrowed_s": _percentiles(found.narrowed_s),
        "similarity_p1": round(float(np.percentile(found.similarity, 1)), 3),
        "unlearned_trials": without.trials,
        "unlearned_decided": without.decided,
        "unlearned_stood": without.stood,
        "other_hours": {what: hundredths / 100 for what, hundredths in others.hours.items()},
        "false_matches": others.decided,
        "false_sets": {what: n for what, n in others.sets.items() if n},
        "us_per_stream_second": {kind: round(us, 1) for kind, us in cost.items()},
        "streams_per_core": {kind: round(1e6 / us) for kind, us in cost.items()},
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(values, p)), 2) for p in (50, 90, 99)} if values else {}
