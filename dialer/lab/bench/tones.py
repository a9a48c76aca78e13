"""The tone ear against tones, music and speech from other hands: what is found, and what must never be hung up."""

from typing import Any

import numpy as np

from dialer.lab.ears import trials

_SEED = 20_01
_MUST_NOT = (trials.home_tones, trials.busy_tones, trials.other_sounds)


def run(quick: bool) -> dict[str, Any]:
    """Quick: every tone at least once. Otherwise more than 20 000 trials in which no hang-up is right."""
    found = trials.foreign_rings(1 if quick else 4, _SEED)
    held = [
        judge(rounds, _SEED)
        for judge, rounds in zip(_MUST_NOT, (1, 1, 4) if quick else (20, 2, 50), strict=True)
    ]
    figures: dict[str, Any] = {
        "zones": len(trials.codes()),
        "pairs_told_apart": found.trials,
        "foreign_found": found.share,
        "missed": dict(found.missed.most_common(20)),
        "missed_by_codec": dict(found.missed_by_codec),
        "periods_to_decision_where_only_cadence_differs": _percentiles(found.in_periods),
        "indistinguishable_pairs": [f"{home}-{other}" for home, other in trials.alike()],
    }
    for how in ("frequency", "cadence"):
        figures[f"decided_s_by_{how}"] = _percentiles(found.decided_s[how])
        figures[f"hang_up_allowed_s_by_{how}"] = _percentiles(found.hung_up_s[how])
    for name in ("trials", "hung_up", "called_foreign"):
        figures[name] = {what: count for each in held for what, count in getattr(each, name).items()}
    figures["labels"] = {f"{what} called {label}": n for (what, label), n in held[-1].labelled.items()}
    figures["false_hang_ups"] = [which for each in held for which in each.which]
    return figures


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (50, 90, 99)}
