"""Every policy a study may name, with its settings and the sweep in which a rival is tuned.

The sweeps are wide enough for the scenarios S1 to S3 from 5 to 500 agents; where the best value lies on an edge, widen it.
VICIdial's drop time is no setting here: how long a caller is kept belongs to the floor.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from dialer.domain.pacing_plan import PacingMode
from dialer.errors import BadInput
from dialer.pacing.pacer import Pacer
from dialer.simulation.model_floor import BEGINS
from dialer.simulation.policies import simple
from dialer.simulation.policies.issabel import Issabel, IssabelSettings
from dialer.simulation.policies.memoryless import Memoryless
from dialer.simulation.policies.memoryless_model import Model, optimum
from dialer.simulation.policies.oracle import FixedRisk, Oracle
from dialer.simulation.policies.setting import Chosen, Setting, Value, every_combination, ratios, steps
from dialer.simulation.policies.true_laws import true_laws
from dialer.simulation.policies.vicidial import Vicidial, VicidialSettings
from dialer.simulation.policies.vicidial_levels import LevelSettings, Method, Tally, clock_number
from dialer.simulation.policies.world_facts import WorldFacts

_MIDNIGHT = 2400


@dataclass(frozen=True, slots=True)
class _Entry:
    build: Callable[[Chosen, WorldFacts, int], Pacer]
    settings: tuple[Setting, ...] = ()


def names() -> list[str]:
    return list(_POLICIES)


def settings_of(name: str) -> tuple[Setting, ...]:
    """Raises BadInput if there is no such policy."""
    return _entry(name).settings


def policy(name: str, settings: Mapping[str, Value], world_facts: WorldFacts, seed: int) -> Pacer:
    """A fresh pacer for one day. `seed` is for the policies that throw dice.

    Raises BadInput, saying what is allowed, on an unknown policy or setting and on a value out of range.
    """
    entry = _entry(name)
    return entry.build(Chosen(name, entry.settings, settings), world_facts, seed)


def grid(name: str) -> list[dict[str, Value]]:
    """The sweep of a policy, each a `settings` of `policy`; [{}] when there is nothing to tune."""
    if name == "vicidial-ratio":  # a level means something else under each tally
        levels = ((Tally.EVERYONE, steps(1.0, 2.4, 0.05)), (Tally.AVAILABLE, steps(1.0, 12.0, 0.25)))
        return [{"tally": tally.value, "level": level} for tally, tried in levels for level in tried]
    return every_combination(settings_of(name))


def bisected(name: str) -> Setting | None:
    """The setting to search for a cap with, if the policy has one."""
    return next((setting for setting in settings_of(name) if setting.bisect), None)


def _entry(name: str) -> _Entry:
    if name not in _POLICIES:
        raise BadInput(f'there is no policy "{name}"; there are: {", ".join(_POLICIES)}', "policy")
    return _POLICIES[name]


# --- building ---------------------------------------------------------------------------------------------------------


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a simulation


def _vicidial(method: Method, chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    tally = Tally(chosen.word("tally"))
    if method is Method.RATIO:
        return Vicidial(VicidialSettings(LevelSettings(method), chosen.number("level"), tally))
    adaptive = LevelSettings(
        method,
        chosen.number("maximum_level"),
        chosen.number("difference_target"),
        chosen.number("intensity"),
        chosen.number("drop_limit"),
        chosen.whole("latest_time") or _end_of_shift(facts),
    )
    on_calls = chosen.word("target_acts_on") == "calls"
    return Vicidial(VicidialSettings(adaptive, tally=tally, target_on_calls=on_calls))


def _end_of_shift(facts: WorldFacts) -> int:
    end = BEGINS + timedelta(seconds=facts.day_s)
    return clock_number(end) if end.date() == BEGINS.date() else _MIDNIGHT


def _issabel(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    return Issabel(
        IssabelSettings(
            chosen.yes("over_commit"),
            chosen.number("threshold"),
            chosen.whole("extra_lines"),
            chosen.number("period_s"),
        )
    )


def _mean_based(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    return simple.MeanBased(
        chosen.number("theta"), facts.answer_probability, facts.mean_ring_s, facts.mean_handling_s
    )


def _open_loop(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    load = chosen.number("load") / facts.mean_handling_s
    return simple.OpenLoop(load, facts.answer_probability, _dice(seed))


def _memoryless(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    model = Model(facts.agents, facts.answer_probability, facts.mean_handling_s, facts.mean_line_s)
    return Memoryless(optimum(model, chosen.number("cap")), _dice(seed))


def _power(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    return simple.OwnMode(PacingMode.POWER, chosen.number("lines_per_agent"))


def _fairdial(chosen: Chosen, facts: WorldFacts, seed: int) -> Pacer:
    from dialer.pacing.floor_pacer import FairPacer

    return FairPacer()


# --- the policies -----------------------------------------------------------------------------------------------------

_TALLY = Setting(
    "tally", Tally.EVERYONE.value, choices=tuple(Tally), tune=(Tally.EVERYONE.value, Tally.AVAILABLE.value)
)
_ADAPTIVE = (
    Setting("maximum_level", 3.0, 1.0, 20.0, tune=(1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)),
    Setting("difference_target", 0.0, -40.0, 40.0, whole=True, tune=(0.0, -1.0, -2.0, -3.0, -5.0, -8.0)),
    Setting("intensity", 0.0, -40.0, 40.0, whole=True, tune=(-20.0, 0.0, 20.0)),
    Setting("drop_limit", 3.0, 0.1, 100.0, tune=(1.0, 2.0, 3.0, 5.0)),
    _TALLY,
    Setting("target_acts_on", "level", choices=("level", "calls")),
    Setting("latest_time", 0.0, 0.0, _MIDNIGHT, whole=True),  # HHMM; 0 for the end of the shift
)
_PER_IDLE = steps(1.0, 25.0, 0.25)
_RISK = Setting("risk", 0.02, 1e-6, 1.0, tune=ratios(0.001, 0.2, 24), bisect=True)

_POLICIES: Mapping[str, _Entry] = {
    "fairdial": _Entry(_fairdial),
    "vicidial-ratio": _Entry(
        partial(_vicidial, Method.RATIO), (Setting("level", 1.0, 1.0, 20.0, tune=steps(1, 12, 0.25)), _TALLY)
    ),
    "vicidial-hard-limit": _Entry(partial(_vicidial, Method.HARD_LIMIT), _ADAPTIVE),
    "vicidial-average": _Entry(partial(_vicidial, Method.AVERAGE), _ADAPTIVE),
    "vicidial-tapered": _Entry(partial(_vicidial, Method.TAPERED), _ADAPTIVE),
    "issabel": _Entry(
        _issabel,
        (
            Setting("over_commit", False, tune=(False, True)),
            Setting("threshold", 0.97, 0.01, 0.999, tune=(0.97, 0.9, 0.7, 0.5)),
            Setting("extra_lines", 0.0, 0.0, 100.0, whole=True),
            Setting("period_s", 5.0, 0.5, 60.0, tune=(5.0, 3.0)),
        ),
    ),
    "progressive": _Entry(lambda chosen, facts, seed: simple.OwnMode(PacingMode.PROGRESSIVE)),
    "power": _Entry(_power, (Setting("lines_per_agent", 1.5, 1.0, 20.0, tune=steps(1.0, 20.0, 0.25)),)),
    "super-progressive": _Entry(
        lambda chosen, facts, seed: simple.SuperProgressive(chosen.number("per_idle")),
        (Setting("per_idle", 2.0, 1.0, 100.0, tune=_PER_IDLE, bisect=True),),
    ),
    "level": _Entry(
        lambda chosen, facts, seed: simple.LinesPerAgent(chosen.number("level")),
        (Setting("level", 1.0, 0.1, 20.0, tune=steps(0.7, 2.5, 0.05), bisect=True),),
    ),
    "mean-based": _Entry(
        _mean_based, (Setting("theta", 0.5, 0.01, 10.0, tune=ratios(0.2, 3.0, 24), bisect=True),)
    ),
    "open-loop": _Entry(
        _open_loop, (Setting("load", 0.5, 0.01, 5.0, tune=steps(0.3, 1.1, 0.05), bisect=True),)
    ),
    "genesys": _Entry(
        lambda chosen, facts, seed: simple.SmallGroup(chosen.number("multiplier")),
        (Setting("multiplier", 2.0, 1.0, 100.0, tune=_PER_IDLE, bisect=True),),
    ),
    "memoryless": _Entry(
        _memoryless, (Setting("cap", 0.03, 0.001, 0.5, tune=ratios(0.01, 0.12, 16), bisect=True),)
    ),
    "fixed-risk": _Entry(
        lambda chosen, facts, seed: FixedRisk(chosen.number("risk"), true_laws(facts)), (_RISK,)
    ),
    "oracle": _Entry(lambda chosen, facts, seed: Oracle(chosen.number("risk"), true_laws(facts)), (_RISK,)),
}
