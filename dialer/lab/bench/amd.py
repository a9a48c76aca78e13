"""Who has answered, by voices that the model never heard: people lost, machines passed on, how soon it is known.

Material, generator and seeds: `dialer.lab.ears.greetings` and `voices`. It is composed, not recorded at anybody's home: there
is no public corpus. Asterisk's own AMD() beside it, in a dialplan on the same clips: `bench ears-rivals`.
"""

from typing import Any

import numpy as np

from dialer.audio.answer_model import Audience
from dialer.lab.ears import answered_trials as trials
from dialer.lab.ears.answered_trials import Tried
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE

_SEED = 40_01
_MIX = {
    Audience.HOMES: ((HOME, 20), (MACHINE, 15)),
    Audience.OFFICES: ((HOME, 14), (OFFICE, 6), (MACHINE, 15)),
}
_SOON_S = 0.6
_BY_S = 3.0


def run(quick: bool) -> dict[str, Any]:
    """2000 people and 1500 machines for each audience; quick: a tenth."""
    times, figures = 10 if quick else 100, {}
    for number, (audience, mix) in enumerate(_MIX.items()):
        counts = [(who, share * times) for who, share in mix]
        figures[audience.value] = _figures(trials.answers(audience, counts, _SEED + number))
    others = trials.others(4 if quick else 40, _SEED + 9)
    figures["others"] = {f"{what} called {verdict}": n for (what, verdict), n in sorted(others.items())}
    return figures


def _figures(tried: Tried) -> dict[str, Any]:
    decided, machines = np.array(tried.decided_s), max(1, tried.machines)
    return {
        "people": tried.people,
        "people_called_machine": float(tried.lost.rate),
        "people_called_machine_wilson95": [round(each, 5) for each in tried.lost.interval()],
        "machines": tried.machines,
        "machines_passed_as_person": float(tried.passed.rate),
        "machines_passed_wilson95": [round(each, 5) for each in tried.passed.interval()],
        "machines_known_3_s_from_answer": sum(each <= _BY_S for each in tried.machine_decided_s) / machines,
        "machines_known_3_s_from_first_word": sum(each <= _BY_S for each in tried.machine_spoke_s) / machines,
        "machine_decided_s": _percentiles(tried.machine_decided_s),
        "person_decided_after_greeting_s": _percentiles(tried.decided_s),
        "persons_within_0_6_s": float((decided <= _SOON_S).mean()) if len(decided) else 0.0,
        "persons_decided_inside_greeting": float((decided < 0).mean()) if len(decided) else 0.0,
        "greeting_start_off_s": _percentiles(tried.start_off_s),
        "greeting_end_off_s": _percentiles(tried.end_off_s),
        "beeps_after_known_machines": tried.beeps,
        "beeps_found": tried.beeps_found / max(1, tried.beeps),
        "beeps_imagined": tried.beeps_imagined,
        "verdicts": dict(sorted(tried.verdicts.items())),
        "people_lost": tried.people_lost[:40],
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (1, 5, 50, 90, 95, 99)}
