"""A wrong scenario is refused with file, line, field and what is allowed; shipped ones are right."""

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from dialer import yaml_file
from dialer.domain.events import LineSign
from dialer.errors import BadInput, NotFound
from dialer.simulation.call_fields import FIGURES
from dialer.simulation.laws import Beta, Clipped, Fixed, Gamma, LogNormal, Mixture, mean_of
from dialer.simulation.scenario import Carrier, Leaving, Scenario
from dialer.simulation.scenario_reader import from_text, load, shipped

pytestmark = pytest.mark.unit

FOLDER = resources.files("dialer.simulation")
SCHEMA = json.loads(FOLDER.joinpath("scenario.schema.json").read_text("utf-8"))


def refusal(text: str) -> BadInput:
    with pytest.raises(BadInput) as refused:
        from_text(text, "mine.yaml")
    return refused.value


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("extends: s1\nday: 90", 2, "day", "'90' is not a time: say 90 s"),
        ("extends: s1\nday: 8 hours", 2, "day", "say 90 s, 15 min or 8 h"),
        ("extends: s1\nday: 30 h", 2, "day", "allowed is 1 min to 1 d"),
        ("extends: s1\nday: -8 h", 2, "day", "is not a time"),
        ("extends: s1\nwarm_up: 9 h", 2, "warm_up", "out of range"),
        ("extends: s1\n\nanswer_within: 2 ms", 3, "answer_within", "allowed is 0.1 s to 1 min"),
        ("extends: s1\nweather: fine", 2, "weather", "unknown; allowed are title, extends, day"),
        ("extends: s1\nday: 8 h\nday: 9 h", 3, "day", "given twice"),
        ("extends: s1\nagents: {count: 5.5}", 2, "agents.count", "not a whole number"),
        ("extends: s1\nagents: {count: 0}", 2, "agents.count", "allowed is 1 to 5000"),
        ("extends: s1\nagents: 5", 2, "agents", "must be a mapping of count"),
        ("extends: s1\nagents:\n  busy_at_start: 80", 3, "agents.busy_at_start", "say 80 % if you mean that"),
        (
            "extends: s1\nagents:\n  shifts:\n    - {share: 50 %}",
            4,
            "agents.shifts",
            "sum to 0.5: they must sum",
        ),
        (
            "extends: s1\nagents:\n  shifts:\n    - {from: 2 h, until: 1 h}",
            4,
            "agents.shifts[0].until",
            "later than from",
        ),
        ("extends: s1\nagents:\n  absences:\n    - {for: 1 h}", 4, "agents.absences[0]", "from is missing"),
        (
            "extends: s1\nagents:\n  absences:\n    - {from: 9 h}",
            4,
            "agents.absences[0].from",
            "outside the day of 510 min",
        ),
        (
            "extends: s1\nagents:\n  absences:\n    - {from: 1 h, leaving: slowly}",
            4,
            "agents.absences[0].leaving",
            "allowed are after_call, at_once",
        ),
        (
            "extends: s1\nagents:\n  absences:\n    - {from: 1 h, share: 10 %, number: 3}",
            4,
            "agents.absences[0].number",
            "not both",
        ),
        (
            "extends: s1\nagents:\n  absences:\n    - {from: 1 h, announced: maybe}",
            4,
            "agents.absences[0].announced",
            "yes",
        ),
        ("extends: s1\nlines: {calls_per_second: -3}", 2, "lines.calls_per_second", "out of range"),
        ("extends: s1\nlines: {calls_per_second: .nan}", 2, "lines.calls_per_second", "not a number"),
        ("extends: s1\nlines: {ring_for: 10 s}", 2, "lines.ring_for", "allowed is 15 s"),
        ("extends: s1\ncalls: {answered_by_person: 130 %}", 2, "calls.answered_by_person", "out of range"),
        ("extends: s1\ncalls: {answered_by_person: often}", 2, "calls.answered_by_person", "say 0.3 or 30 %"),
        ("extends: s1\ncalls: {machines: 80 %}", 2, "calls", "sum to 1.1: at most 1"),
        (
            "extends: s1\ncalls: {answered_by_person: {beta: {mean: 30 %, spread: 50 %}}}",
            2,
            "calls.answered_by_person.beta.spread",
            "below 0.458",
        ),
        (
            "extends: s1\ncalls:\n  talk: {weibull: {mean: 9 s}}",
            3,
            "calls.talk.weibull",
            "unknown; allowed are",
        ),
        ("extends: s1\ncalls:\n  talk: {}", 3, "calls.talk", "must name one law"),
        (
            "extends: s1\ncalls:\n  talk: {gamma: {mean: 9 s}}",
            3,
            "calls.talk.gamma",
            "cv is missing",
        ),
        (
            "extends: s1\ncalls:\n  talk: {gamma: {mean: 9, cv: 0.5}}",
            3,
            "calls.talk.gamma.mean",
            "say 9 s",
        ),
        (
            "extends: s1\ncalls:\n  talk: {gamma: {mean: 9 s, cv: 0}}",
            3,
            "calls.talk.gamma.cv",
            "allowed is 0.05 to 5",
        ),
        (
            "extends: s1\ncalls:\n  talk: {exponential: {mean: 0 s}}",
            3,
            "calls.talk.exponential.mean",
            "above 0",
        ),
        (
            "extends: s1\ncalls:\n  ring: {uniform: {least: 9 s, most: 3 s}}",
            3,
            "calls.ring.uniform.most",
            "not be below least",
        ),
        ("extends: s1\ncalls:\n  ring: {empirical: []}", 3, "calls.ring.empirical", "1 to 10000 values"),
        (
            "extends: s1\ncalls:\n  ring:\n    mixture:\n      - {weight: 70 %, law: 3 s}",
            5,
            "calls.ring.mixture",
            "weights sum to 0.7",
        ),
        (
            "extends: s1\ncalls:\n  not_answered:\n  - {weight: 60 %, after: 9 s}\n  - {weight: 60 %, after: 9 s}",
            4,
            "calls.not_answered",
            "weights sum to 1.2",
        ),
        ("extends: s1\ncalls: {signs: {knocking: 10 %}}", 2, "calls.signs.knocking", "allowed are ringing"),
        (
            "extends: s1\ncalls: {signs: {ringing: 80 %, progress: 30 %}}",
            2,
            "calls.signs",
            "sum to 1.1: at most 1",
        ),
        (
            "extends: s1\ncalls: {machine_detector: good}",
            2,
            "calls.machine_detector",
            "allowed are perfect, none",
        ),
        ("extends: s1\nlist: {size: -1}", 2, "list.size", "out of range"),
        ("extends: s1\nlist: {size: 100, size_per_agent: 3}", 2, "list.size_per_agent", "not both"),
        ("extends: s1\nlist: {refill: {every: 1 h}}", 2, "list.refill", "needs every and contacts"),
        (
            "extends: s1\nlist:\n  classes:\n    - {name: a, weight: 60 %}\n    - {name: a, weight: 40 %}",
            5,
            "list.classes[1].name",
            "another class already",
        ),
        ("extends: s1\nlist:\n  classes:\n    - {name: a, weight: 60 %}", 4, "list.classes", "sum to 0.6"),
        ("extends: s1\nlist:\n  classes: a", 3, "list.classes", "must be a list"),
        ("extends: s1\nchanges:\n  - {set: {machines: 1 %}}", 3, "changes[0]", "at is missing"),
        ("extends: s1\nchanges:\n  - {at: 1 h}", 3, "changes[0]", "needs set"),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, set: {colour: 3 s}}",
            3,
            "changes[0].set.colour",
            "allowed are answered_by_person",
        ),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, set: {answered_by_person: 70 %, machines: 40 %}}",
            3,
            "changes[0].set",
            "sum to 1.1",
        ),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, over: 5 min, set: {machine_detector: none}}",
            3,
            "changes[0].over",
            "can only change at once",
        ),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, over: 5 min, for: 1 min, set: {machines: 1 %}}",
            3,
            "changes[0].for",
            "shorter than over",
        ),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, for: 1 h, set: {machines: 1 %}}\n"
            "  - {at: 90 min, set: {machines: 2 %}}",
            4,
            "changes[1]",
            "overlaps",
        ),
        ("extends: s1\nchanges:\n  - {at: 1 h, carrier: fails}", 3, "changes[0]", "for is missing"),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, for: 1 min, over: 3 s, carrier: fails}",
            3,
            "changes[0].over",
            "does not go with carrier",
        ),
        (
            "extends: s1\nchanges:\n  - {at: 1 h, class: vips, set: {machines: 1 %}}",
            3,
            "changes[0].class",
            "allowed are everyone",
        ),
        (
            "extends: s1\ncalls:\n  by_time:\n    - {at: 2 h, factor: 1}\n    - {at: 1 h, factor: 1}",
            5,
            "calls.by_time[1].at",
            "must rise",
        ),
        ("extends: s0", 1, "extends", "no scenario 's0'"),
        ("title: nothing else", 1, None, "day is missing"),
        ("- a\n- b", 1, None, "is a mapping of names"),
        ("a: [", 1, None, "not readable as YAML"),
        ("extends: s1\na: &x 1\nb: *x", 3, None, "aliases (*x) are not allowed"),
        ("extends: s1\na: !!python/object/apply:os.system [ls]", 2, None, "tags"),
        ("a: " + "[" * 5000, 1, None, "nested more than 20 levels"),
        ("a: \x00", 1, None, "not readable as YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, line: int, field: str | None, words: str) -> None:
    refused = refusal(text)
    place = re.match(r"(.+?\.yaml):(\d+):", str(refused))
    assert place is not None
    assert int(place[2]) == line
    assert refused.field == field
    assert words in str(refused)


def test_a_mistake_in_what_is_extended_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: s1\n\nday: 7\n", "utf-8")
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\n", "utf-8")
    with pytest.raises(BadInput, match=r"base\.yaml:3: day: .* say 7 s"):
        load(str(tmp_path / "mine.yaml"))


def test_scenarios_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n", "utf-8")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n", "utf-8")
    with pytest.raises(BadInput, match="circle"):
        load(str(tmp_path / "a.yaml"))


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text("#" * (yaml_file.MOST_BYTES + 1), "utf-8")
    with pytest.raises(BadInput, match="larger than 1 MB"):
        load(str(file))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        load(str(file))


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(NotFound, match="answer-step-down"):
        load("no-such-scenario")


class TestReading:
    def test_times_shares_and_moments(self) -> None:
        read = from_text(
            "extends: s1\nday: 8 h 30 min\nwarm_up: 900 ms\nagents:\n  absences:\n"
            "    - {from: 20 min before the end, share: 0.5, leaving: at_once, announced: yes}\n"
        )
        absence = read.team.absences[0]
        assert (read.day_s, read.warm_up_s, absence.begins, absence.share) == (30_600.0, 0.9, 29_400.0, 0.5)
        assert (absence.leaving, absence.announced, absence.away_s) == (Leaving.AT_ONCE, True, None)

    def test_extending_takes_over_value_by_value(self) -> None:
        read = from_text("extends: s1\ncalls:\n  talk: 7 s\n")
        calls, base = read.contacts.classes[0].calls, load("s1").contacts.classes[0].calls
        assert calls.talk == Fixed(7.0)
        assert (calls.ring, calls.not_answered) == (base.ring, base.not_answered)

    def test_classes_differ_from_the_calls_of_the_scenario(self) -> None:
        read = load("mixed-contacts")
        first, last = read.contacts.classes[0].calls, read.contacts.classes[-1].calls
        assert first.answered_by_person == Beta(0.6, 0.15)
        assert first.talk == last.talk == LogNormal(90.0, 0.9)
        announced = last.not_answered[3]
        assert announced.signs is not None
        assert announced.signs.shares == {LineSign.PROGRESS: 0.95}

    def test_laws(self) -> None:
        read = from_text(
            "extends: s1\ncalls:\n  wrap_up: {gamma: {mean: 15 s, cv: 0.7, least: 2 s}}\n"
            "  ring: {mixture: [{weight: 25 %, law: 4 s}, {weight: 75 %, law: {uniform: {least: 8 s, most: 12 s}}}]}"
        )
        calls = read.contacts.classes[0].calls
        assert calls.wrap_up == Clipped(Gamma(15.0, 0.7), 2.0, float("inf"))
        assert isinstance(calls.ring, Mixture)
        assert mean_of(calls.ring) == pytest.approx(0.25 * 4 + 0.75 * 10, abs=0.01)

    def test_carrier_events(self) -> None:
        events = load("outage-then-flood").carrier_events
        assert [(e.begins, e.ends, e.carrier) for e in events] == [
            (10_800.0, 11_100.0, Carrier.FAILS),
            (11_100.0, 11_120.0, Carrier.FLOOD),
        ]


@pytest.mark.parametrize("name", shipped())
class TestShipped:
    def test_it_can_be_read_and_says_what_it_is(self, name: str) -> None:
        read = load(name)
        assert isinstance(read, Scenario)
        assert read.name == name
        assert read.title != name

    def test_it_fits_the_schema(self, name: str) -> None:
        text = FOLDER.joinpath("scenarios", f"{name}.yaml").read_text("utf-8")
        jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(text))


class TestSchema:
    def test_it_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_it_knows_the_same_figures_as_the_reader(self) -> None:
        assert set(SCHEMA["$defs"]["calls"]["properties"]) == {*FIGURES, "by_time"}
        changes = SCHEMA["properties"]["changes"]["items"]["anyOf"]
        assert set(changes[0]["properties"]["set"]["properties"]) == set(FIGURES)

    @pytest.mark.parametrize(
        "text", ["day: 90", "weather: fine", "agents: {count: 0}", "calls: {ring: 9}", "list: {size: -1}"]
    )
    def test_it_refuses_mistakes_too(self, text: str) -> None:
        document = yaml.safe_load(f"extends: s1\n{text}")
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
