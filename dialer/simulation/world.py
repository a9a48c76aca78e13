"""A day of a scenario under a seed, drawn dial by dial."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import numpy as np

from dialer.pacing.pacer import ContactFeatures, LineEnd
from dialer.simulation.contact_looks import looks
from dialer.simulation.draws import SHEET, Drawing, Sheet, Stream, Streams, classes_of
from dialer.simulation.eras import Eras
from dialer.simulation.fate import AgentMove, CallFate
from dialer.simulation.laws import Floats, Mixture
from dialer.simulation.model_floor import BEGINS
from dialer.simulation.scenario import Carrier, CarrierEvent, Scenario
from dialer.simulation.timetable import moves

Kept = TypeVar("Kept")

_FLOOD_WITHIN_S = 3.0
_REFUSED_WITHIN_S = 0.5
_CURVE_STEP_S = 10.0
_SHEETS_KEPT = 8


class ScenarioWorld:
    """A `World`. `agents` None: as many as the scenario says. `day` numbers the days of a seed.

    Contacts and fates may be asked in any order, but dials that lie close together are answered fastest.
    """

    def __init__(self, scenario: Scenario, seed: int, agents: int | None = None, day: int = 0) -> None:
        self.scenario = scenario
        self.agents = scenario.agents(agents)
        self.day_s, self.warm_up_s = scenario.day_s, scenario.warm_up_s
        self.answer_within_s = scenario.answer_within_s
        self.ring_for_s, self.lines = scenario.trunk.ring_for_s, scenario.trunk.number
        self.calls_per_second = scenario.trunk.calls_per_second
        self._streams = Streams(seed, day)
        self._classes = scenario.contacts.classes
        self._eras = Eras(scenario)
        self._constant = len(self._eras.all) == 1
        self._curves = _curves(scenario)
        self._events = scenario.carrier_events
        self._sheets: dict[tuple[int, int], tuple[Sheet, Sheet | None]] = {}
        self._luck: dict[int, list[float]] = {}
        self._looks: dict[tuple[int, int], list[ContactFeatures]] = {}
        desks = self._streams.generator(Stream.AGENTS)
        self.moves: Sequence[AgentMove] = moves(scenario, self.agents, desks)
        self.busy_at_start: Sequence[tuple[int, float]] = self._busy(desks)

    # --- the list -----------------------------------------------------------------------------------------------------

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        if n >= self.scenario.contacts.available(self.agents, at):
            return None
        return self._shown(n, at)

    def _shown(self, n: int, at: float) -> ContactFeatures:
        sheet, place = divmod(n, SHEET)
        hour = int(at // 3600.0)
        known = self._looks.get((sheet, hour))
        if known is None:
            known = self._look(sheet, hour)
        return known[place]

    def _look(self, sheet: int, hour: int) -> list[ContactFeatures]:
        which = classes_of(self._streams, sheet, self._classes)
        local = BEGINS + timedelta(hours=hour)
        shown = looks(
            self._streams,
            sheet,
            which,
            self._probabilities(sheet),
            self._classes,
            local.hour,
            local.weekday(),
        )
        _keep(self._looks, (sheet, hour), shown)
        return shown

    def _probabilities(self, sheet: int) -> Floats:
        """Of each contact, by the figures the day begins with."""
        return np.array([row[0] for row in self._sheet(sheet, 0)[0].gradual])

    # --- fates --------------------------------------------------------------------------------------------------------

    def fate(self, n: int, at: float) -> CallFate:
        number, place = divmod(n, SHEET)
        era = 0 if self._constant else self._eras.at(at)
        sheet, after = self._sheets.get((number, era)) or self._sheet(number, era)
        p, machines, ring, machine_ring, talk, machine_talk, wrap_up = (
            sheet.gradual[place] if after is None else self._between(sheet, after, era, place, at)
        )
        luck, refused, refused_after, patience, person_taken, machine_taken, judged, life, signs, silent = (
            sheet.chances[place]
        )
        contact = self._shown(n, at)
        if self._curves is not None:
            p = min(p * self._factor(sheet.classes[place], at), 1.0 - machines)
        if refused:
            return CallFate(refused_after, LineEnd.CARRIER_FAILED, contact=contact)
        if luck < p:
            fate = CallFate(
                ring, LineEnd.PERSON, ring, person_taken, judged, talk, wrap_up, patience, signs, contact
            )
        elif luck < p + machines:
            fate = CallFate(
                machine_ring,
                LineEnd.MACHINE,
                machine_ring,
                machine_taken,
                judged,
                machine_talk,
                wrap_up,
                signs=signs,
                contact=contact,
            )
        else:
            fate = CallFate(life, LineEnd.NOT_ANSWERED, signs=silent, contact=contact)
        for event in self._events:
            fate = self._under(event, n, at, fate, (talk, wrap_up, patience))
        return fate

    def answer_probability(self, n: int, at: float) -> float:
        """The truth about one dial that goes through, for yardsticks that are told it."""
        number, place = divmod(n, SHEET)
        era = self._eras.at(at)
        sheet, after = self._sheet(number, era)
        row = sheet.gradual[place] if after is None else self._between(sheet, after, era, place, at)
        p, machines = row[0], row[1]
        return min(p * self._factor(sheet.classes[place], at), 1.0 - machines) if self._curves else p

    def _sheet(self, number: int, era: int) -> tuple[Sheet, Sheet | None]:
        """The era's figures at its beginning, and at its end if they change in between."""
        if (known := self._sheets.get((number, era))) is not None:
            return known
        which = classes_of(self._streams, number, self._classes)
        span = self._eras.all[era]
        before = Drawing(self._streams, number, which, span.before)
        places = which.tolist()
        first = Sheet(places, before.gradual(), before.chances())
        second = None
        if span.after is not None:
            second = Sheet(places, Drawing(self._streams, number, which, span.after).gradual())
        _keep(self._sheets, (number, era), (first, second))
        return first, second

    def _between(
        self, sheet: Sheet, after: Sheet, era: int, place: int, at: float
    ) -> tuple[float, float, float, float, float, float, float]:
        span = self._eras.all[era]
        share = (at - span.begins) / (span.ends - span.begins)
        a, b, c, d, e, f, g = (
            one + (other - one) * share
            for one, other in zip(sheet.gradual[place], after.gradual[place], strict=True)
        )
        return a, b, c, d, e, f, g

    def _factor(self, contact_class: int, at: float) -> float:
        curve = self._curves[contact_class] if self._curves else [1.0]
        return curve[min(int(at / _CURVE_STEP_S), len(curve) - 1)]

    # --- carrier ------------------------------------------------------------------------------------------------------

    def _under(
        self, event: CarrierEvent, n: int, at: float, fate: CallFate, held: tuple[float, float, float]
    ) -> CallFate:
        """What the carrier's event makes of a fate; a line that is out when a flood begins is answered in it."""
        during = event.begins <= at < event.ends
        flooded = event.carrier is Carrier.FLOOD and at < event.begins < at + fate.ends_after
        if not during and not flooded:
            return fate
        luck = self._carrier_luck(n)
        if event.carrier is Carrier.FAILS:
            refused = _REFUSED_WITHIN_S * (0.2 + 0.8 * luck)
            return CallFate(refused, LineEnd.CARRIER_FAILED, contact=fate.contact)
        answers = max(event.begins - at, 0.0) + _FLOOD_WITHIN_S * luck
        talk, wrap_up, patience = held
        return CallFate(
            answers,
            LineEnd.PERSON,
            answers,
            talk=talk,
            wrap_up=wrap_up,
            patience=patience,
            contact=fate.contact,
        )

    def _carrier_luck(self, n: int) -> float:
        sheet, place = divmod(n, SHEET)
        if sheet not in self._luck:
            self._luck[sheet] = self._streams.uniforms(Stream.CARRIER, sheet).tolist()
        return self._luck[sheet][place]

    # --- agents -------------------------------------------------------------------------------------------------------

    def _busy(self, random: np.random.Generator) -> tuple[tuple[int, float], ...]:
        """Each of those who begin the day is with some probability anywhere inside a talk."""
        first = [move.agent for move in self.moves if move.at == 0]
        busy, length, part = random.random((3, len(first))).clip(1e-12, 1 - 1e-12)
        weights = [each.weight * each.calls.answer_probability + 1e-9 for each in self._classes]
        talk = Mixture(tuple(weights), tuple(each.calls.talk for each in self._classes))
        left = (talk.quantiles(length) * part).tolist()
        share = self.scenario.team.busy_at_start
        return tuple((agent, left[i]) for i, agent in enumerate(first) if busy[i] < share)


def _curves(scenario: Scenario) -> list[list[float]] | None:
    """The factor of each class in steps of ten seconds."""
    if not any(each.calls.by_time for each in scenario.contacts.classes):
        return None
    times = np.arange(0.0, scenario.day_s + _CURVE_STEP_S, _CURVE_STEP_S)
    curves = []
    for each in scenario.contacts.classes:
        points = each.calls.by_time or ((0.0, 1.0),)
        curves.append(np.interp(times, [at for at, _ in points], [f for _, f in points]).tolist())
    return curves


def _keep(kept: dict[tuple[int, int], Kept], key: tuple[int, int], value: Kept) -> None:
    """The oldest is forgotten: a sheet takes megabytes, and dials go on to the next."""
    if len(kept) >= _SHEETS_KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
