"""Who has answered, by voices that the model never heard: people lost, machines passed on, how soon it is known.

Material, generator and seeds: `dialer.lab.ears.greetings` and `voices`. It is composed, not recorded at anybody's home: there
is no public corpus. Asterisk's own AMD() beside it, in a dialplan on the same clips: `bench ears-rivals`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from dialer.audio.answer_model import Audience
from dialer.lab.ears import answered_trials as trials
from dialer.lab.ears import greetings, ideal_observer
from dialer.lab.ears.answered_trials import Tried
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE, Answered

_SEED = 40_01
_LOTS = 12
_LOT = ((HOME, 210), (OFFICE, 90), (MACHINE, 150))
_HEARD = {Audience.HOMES: (HOME, MACHINE), Audience.OFFICES: (HOME, OFFICE, MACHINE)}
_SOON_S = 0.6
_BY_S = 3.0
_PEOPLE_LOST = 0.005
_MOMENTS_S = (2.0, 3.0, 4.0, 5.0, 7.0)


def run(quick: bool) -> dict[str, Any]:
    """2520 homes, 1080 offices and 1800 machines, the homes and machines heard for either audience; quick: a twelfth."""
    tried = {audience: Tried() for audience in _HEARD}
    for lot in range(1 if quick else _LOTS):
        add(tried, greetings.answers("test", _LOT, _SEED + lot))
    others = trials.others(4 if quick else 40, _SEED + 99)
    return figures(tried) | {
        "others": {f"{what} called {verdict}": n for (what, verdict), n in sorted(others.items())}
    }


def add(tried: Mapping[Audience, Tried], made: Sequence[Answered]) -> None:
    for audience, so_far in tried.items():
        trials.hear([each for each in made if each.who in _HEARD[audience]], audience, so_far)


def figures(tried: Mapping[Audience, Tried]) -> dict[str, Any]:
    return {
        audience.value: _figures(so_far)
        | {"known_by": _known_by(so_far, audience), "ideal": _ideal(audience)}
        for audience, so_far in tried.items()
    }


def _known_by(tried: Tried, audience: Audience) -> dict[str, dict[str, dict[str, float]]]:
    """Who, since when, by which second: what was known."""
    return {
        f"{who}, {since}": {
            f"{at_s:g} s": tried.known_by(who, at_s, since == "first word") for at_s in _MOMENTS_S
        }
        for who in _HEARD[audience]
        for since in ("answer", "first word")
    }


def _ideal(audience: Audience) -> dict[str, float]:
    """What nobody who knows only lengths can exceed: see `ideal_observer`."""
    people = {who: count for who, count in _LOT if who in _HEARD[audience] and who != MACHINE}
    return asdict(ideal_observer.best(people, _BY_S, _PEOPLE_LOST))


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
