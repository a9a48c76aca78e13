"""Our ears beside what Asterisk and spandsp have, on the same clips: foreign ring-back tones, and who has answered.

spandsp's receiver is its C library; Asterisk's TONE_DETECT, ToneScan and AMD() run in a dialplan on a real exchange, in real
time. Every detector gets the same samples; what it says is counted by the same rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dialer.audio.answer_model import Audience
from dialer.audio.answered import Answer, Verdict
from dialer.compliance.abandonment_rates import FalsePositives
from dialer.lab.bench import rival_exchange
from dialer.lab.bench.rival_exchange import Said
from dialer.lab.bench.verdict import Line
from dialer.lab.centre import PROJECT
from dialer.lab.ears import answered_trials, greetings, rival_trials, trials
from dialer.lab.ears.codecs import Audio
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE, Answered
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.rival_trials import Sample, Score

TONES_SEED, ANSWERS_SEED = 60_01, 61_01
OURS = "Fairdial"
AMD = {"AMD(), its defaults": "", "AMD(), VICIdial's settings": "2000,2000,1000,5000,120,50,4,256"}
_LISTENED_HZ = (425, 440, 400)
_THRESHOLDS = {"TONE_DETECT, 16 dB (default)": "", "TONE_DETECT, 6 dB": "d(6)"}
_ZONES = {"us": (440.0, 480.0), "cr": (425.0,)}
_ANALYSED_S = 7.0
_BY_S, _SOON_S = 3.0, 0.6
_LOUD_DBM0 = -25.0
_BATCH = 50


def run(quick: bool, folder: Path | None = None) -> dict[str, Any]:
    folder = folder or PROJECT / ".run/bench/rivals"
    sizes = (12, 6, 3) if quick else (94, 30, 25)
    counts = (
        ((HOME, 28), (OFFICE, 12), (MACHINE, 30)) if quick else ((HOME, 700), (OFFICE, 300), (MACHINE, 750))
    )
    return {"tones": _tones(sizes, folder), "answers": _answers(counts, folder)}


def lines(got: Mapping[str, Any]) -> list[Line]:
    """Each figure of ours beside each rival's."""
    detectors, found = got["tones"]["detectors"], []
    for rival, theirs in detectors.items():
        if rival != OURS:
            found += [
                _beside_rival(
                    "foreign ring-back tones found", "foreign_found", rival, detectors[OURS], theirs
                ),
                _beside_rival(
                    "wrongly hung up", "false_hang_up_share", rival, detectors[OURS], theirs, less=True
                ),
            ]
    for audience in Audience:
        of = got["answers"][audience.value]["all"]
        for rival in AMD:
            ours, theirs = of[OURS], of[rival]
            delay, late = (each["person_decided_after_greeting_s"].get("p50", 0.0) for each in (ours, theirs))
            found += [
                _beside_rival(
                    f"{audience}: people called a machine",
                    "people_called_machine",
                    rival,
                    ours,
                    theirs,
                    less=True,
                ),
                _beside_rival(
                    f"{audience}: machines called a person",
                    "machines_called_person",
                    rival,
                    ours,
                    theirs,
                    less=True,
                ),
                Line(
                    f"{audience}: person known after the greeting, p50",
                    delay,
                    "s",
                    rival,
                    late,
                    less_is_better=True,
                ),
            ]
    return found


def _beside_rival(
    what: str, figure: str, rival: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], less: bool = False
) -> Line:
    return Line(what, 100 * ours[figure], "%", rival, 100 * theirs[figure], less_is_better=less)


def _tones(sizes: tuple[int, int, int], folder: Path) -> dict[str, Any]:
    heard = rival_trials.samples(*sizes, TONES_SEED)
    scores = {OURS: rival_trials.ours(heard)}
    scores |= {f"spandsp, {name}": score for name, score in rival_trials.spandsp(heard).items()}
    scores |= _asterisk(heard, folder)
    return {
        "seed": TONES_SEED,
        "clips": len(heard),
        "homes": len(trials.codes()),
        "detectors": {name: _tone_figures(score) for name, score in scores.items()},
    }


def _asterisk(heard: Sequence[Sample], folder: Path) -> dict[str, Score]:
    ways = [
        rival_exchange.tone_detect(hz, options) for options in _THRESHOLDS.values() for hz in _LISTENED_HZ
    ]
    ways += [rival_exchange.tone_scan(zone) for zone in _ZONES]
    said = rival_exchange.play(ways, [each.clip.audio for each in heard], folder)
    found = {}
    for name, options in _THRESHOLDS.items():
        hits = {hz: _times(said[rival_exchange.tone_detect(hz, options).name], "HIT") for hz in _LISTENED_HZ}
        found[name] = rival_trials.one_frequency(heard, hits)
    for zone, tone in _ZONES.items():
        found[f"ToneScan, zone {zone}"] = rival_trials.scanned(heard, tone, _times(said[zone], "RINGING"))
    return found


def _times(said: Sequence[Said | None], wanted: str) -> list[float | None]:
    return [each.at_s if each is not None and each.status == wanted else None for each in said]


def _tone_figures(score: Score) -> dict[str, Any]:
    return {
        "foreign_tones": score.foreign,
        "foreign_found": score.found_share,
        "decided_s_by_frequency": _percentiles(score.decided_s["frequency"]),
        "decided_s_by_cadence": _percentiles(score.decided_s["cadence"]),
        "must_not": dict(score.restraint),
        "false_hang_ups": +score.false,
        "false_hang_up_share": score.false_share,
    }


@dataclass
class Answers:
    """What one detector made of people and machines."""

    people: int = 0
    lost: int = 0
    people_unsure: int = 0
    decided_s: list[float] = field(default_factory=list)
    """People who were called so: after the true end of their greeting, seconds."""
    machines: int = 0
    passed: int = 0
    machines_unsure: int = 0
    known_soon: int = 0

    def add(self, answer: Answered, verdict: str, at_s: float) -> None:
        """`verdict`: person, machine or neither, `at_s` seconds from the answer."""
        if answer.is_machine:
            self.machines += 1
            self.passed += verdict == "person"
            self.machines_unsure += verdict == ""
            self.known_soon += verdict == "machine" and at_s <= _BY_S
            return
        self.people += 1
        self.lost += verdict == "machine"
        self.people_unsure += verdict == ""
        if verdict == "person":
            self.decided_s.append(at_s - answer.greeting_end_s)

    def figures(self) -> dict[str, Any]:
        lost, passed = FalsePositives(self.people, self.lost), FalsePositives(self.machines, self.passed)
        soon = np.array(self.decided_s) <= _SOON_S
        return {
            "people": self.people,
            "people_called_machine": float(lost.rate),
            "people_called_machine_wilson95": [round(each, 5) for each in lost.interval()],
            "people_not_sure": self.people_unsure / max(1, self.people),
            "machines": self.machines,
            "machines_called_person": float(passed.rate),
            "machines_called_person_wilson95": [round(each, 5) for each in passed.interval()],
            "machines_not_sure": self.machines_unsure / max(1, self.machines),
            "machines_known_3_s_from_answer": self.known_soon / max(1, self.machines),
            "person_decided_after_greeting_s": _percentiles(self.decided_s),
            "persons_within_0_6_s": float(soon.mean()) if len(soon) else 0.0,
        }


def _answers(counts: Sequence[tuple[str, int]], folder: Path) -> dict[str, Any]:
    made = greetings.answers("test", counts, ANSWERS_SEED)
    ways = [rival_exchange.amd(name, options) for name, options in AMD.items()]
    said = rival_exchange.play(ways, [_as_long(each.clip.audio) for each in made], folder)
    theirs = {name: [_theirs(each) for each in said[name]] for name in AMD}
    figures: dict[str, Any] = {"seed": ANSWERS_SEED}
    for audience in Audience:
        members = [n for n, each in enumerate(made) if audience is Audience.OFFICES or each.who != OFFICE]
        heard = _heard([made[n] for n in members], audience)
        said_of = {OURS: dict(zip(members, map(_ours, heard), strict=True))}
        said_of |= {name: dict(enumerate(rows)) for name, rows in theirs.items()}
        loud = [n for n in members if made[n].clip.dbm0 >= _LOUD_DBM0]
        figures[audience.value] = {
            group: {name: _counted(made, rows, chosen) for name, rows in said_of.items()}
            for group, chosen in (("all", members), ("loud", loud))
        }
    return figures


Called = tuple[str, float]
"""Person, machine or neither (empty), and when it was said, seconds from the answer."""


def _counted(made: Sequence[Answered], said: Mapping[int, Called], chosen: Sequence[int]) -> dict[str, Any]:
    answers = Answers()
    for number in chosen:
        answers.add(made[number], *said[number])
    return answers.figures()


def _heard(made: Sequence[Answered], audience: Audience) -> list[Answer]:
    found: list[Answer] = []
    for first in range(0, len(made), _BATCH):
        batch = [each.clip.audio for each in made[first : first + _BATCH]]
        found += [answer for answer, _ in answered_trials.heard(batch, audience)]
    return found


def _ours(heard: Answer) -> Called:
    if heard.verdict is Verdict.PERSON:
        return "person", heard.decided_at_s
    return "" if heard.verdict.is_person else "machine", heard.decided_at_s


def _theirs(said: Said | None) -> Called:
    if said is None:
        return "", 0.0
    return {"HUMAN": "person", "MACHINE": "machine"}.get(said.status, ""), said.at_s


def _as_long(audio: Audio) -> Audio:
    """As much as AMD() analyses, and some more: the line stays silent after a short clip."""
    size = round(_ANALYSED_S * RATE)
    return np.concatenate([audio, np.zeros(size, np.int16)])[:size]


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (50, 95)}
