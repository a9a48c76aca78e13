"""A scenario file becomes a `Scenario`, or a refusal that says where and why not."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from dialer.errors import BadInput, NotFound
from dialer.simulation.call_fields import FIGURES, GRADUAL, law, whole
from dialer.simulation.scenario import (
    UNLIMITED_LINES,
    Absence,
    Calls,
    Carrier,
    CarrierEvent,
    Change,
    ContactClass,
    ContactList,
    Leaving,
    Looks,
    Scenario,
    Shift,
    Team,
    Trunk,
)
from dialer.yaml_file import Field, parse, read

_TOP = ("title", "extends", "day", "warm_up", "answer_within", "agents", "lines", "calls", "list", "changes")
_MERGED = ("agents", "lines", "calls", "list")
_MOST_PARENTS = 5
_MOST_AGENTS = 5000
_DAY_S = 86_400.0


def shipped() -> list[str]:
    """Names of the scenarios that come with the program."""
    folder = resources.files("dialer.simulation").joinpath("scenarios")
    return sorted(
        entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")
    )


def load(which: str) -> Scenario:
    """A shipped scenario by name, or a file. Raises `NotFound` and `BadInput` (file, line, field, what is allowed)."""
    node = _resolved(which, Path(), [])
    return _scenario(Field(node), Path(which).stem)


def from_text(text: str, name: str = "scenario") -> Scenario:
    """The same from a text, which may extend shipped scenarios."""
    return _scenario(Field(_extended(parse(text, name), Path(), [name])), name)


# --- one file upon another --------------------------------------------------------------------------------------------


def _resolved(which: str, beside: Path, path: list[str]) -> yaml.Node:
    file, name = _find(which, beside)
    if str(file) in path or len(path) > _MOST_PARENTS:
        raise BadInput(
            f"{name}: extends: goes round in a circle or is too long: {' -> '.join([*path, name])}"
        )
    return _extended(read(file, name), file.parent, [*path, str(file)])


def _find(which: str, beside: Path) -> tuple[Path, str]:
    if which in shipped():
        with resources.as_file(
            resources.files("dialer.simulation").joinpath("scenarios", f"{which}.yaml")
        ) as f:
            return f, f"{which}.yaml"
    file = beside / which
    if not file.is_file():
        raise NotFound(f"no scenario {which!r}: neither a file nor one of {', '.join(shipped())}")
    return file, str(file)


def _extended(node: yaml.Node, beside: Path, path: list[str]) -> yaml.Node:
    fields = Field(node).mapping(_TOP)
    if "extends" not in fields:
        return node
    try:
        parent = _resolved(fields["extends"].words(), beside, path)
    except NotFound as unknown:
        fields["extends"].wrong(str(unknown))
    return _merged(parent, node, _MERGED)


def _merged(parent: Any, child: Any, sections: Sequence[str]) -> yaml.Node:
    """The child's values over the parent's; the named sections value by value, everything else as a whole."""
    values = {key.value: (key, value) for key, value in parent.value}
    for key, value in child.value:
        before = values.get(key.value)
        both = before is not None and isinstance(before[1], yaml.MappingNode)
        if key.value in sections and both and isinstance(value, yaml.MappingNode):
            value = _merged(before[1] if before else None, value, ())
        values[key.value] = (key, value)
    return yaml.MappingNode(child.tag, list(values.values()), child.start_mark, child.end_mark)


# --- the scenario -----------------------------------------------------------------------------------------------------


def _scenario(root: Field, name: str) -> Scenario:
    top = root.mapping(_TOP)
    for needed in ("day", "agents", "calls"):
        if needed not in top:
            root.wrong(f"{needed} is missing")
    day_s = top["day"].duration(60.0, _DAY_S)
    trunk = _trunk(top["lines"]) if "lines" in top else Trunk()
    contacts = _list(top.get("list"), _calls(top["calls"], Calls(), day_s), day_s)
    changes, events = _changes(top["changes"], contacts, day_s) if "changes" in top else ((), ())
    return Scenario(
        name=name,
        title=top["title"].words() if "title" in top else name,
        day_s=day_s,
        warm_up_s=top["warm_up"].duration(0.0, day_s) if "warm_up" in top else 0.0,
        answer_within_s=top["answer_within"].duration(0.1, 60.0) if "answer_within" in top else 2.0,
        team=_team(top["agents"], day_s),
        trunk=trunk,
        contacts=contacts,
        changes=changes,
        carrier_events=events,
    )


def _team(field: Field, day_s: float) -> Team:
    given = field.mapping(("count", "busy_at_start", "shifts", "absences"))
    if "count" not in given:
        field.wrong("count is missing")
    shifts = (
        tuple(_shift(item, day_s) for item in given["shifts"].items()) if "shifts" in given else (Shift(),)
    )
    if "shifts" in given and all(shift.number is None for shift in shifts):
        whole(given["shifts"], [shift.share for shift in shifts], "shares")
    return Team(
        count=given["count"].whole(1, _MOST_AGENTS),
        busy_at_start=given["busy_at_start"].share() if "busy_at_start" in given else 0.0,
        shifts=shifts,
        absences=tuple(_absence(item, day_s) for item in given["absences"].items())
        if "absences" in given
        else (),
    )


def _part(given: dict[str, Field]) -> dict[str, Any]:
    if "share" in given and "number" in given:
        given["number"].wrong("give share or number, not both")
    part: dict[str, Any] = {}
    if "share" in given:
        part["share"] = given["share"].share()
    if "number" in given:
        part["number"] = given["number"].whole(0, _MOST_AGENTS)
    return part


def _shift(field: Field, day_s: float) -> Shift:
    given = field.mapping(("share", "number", "from", "until", "over"))
    begins = given["from"].moment(day_s) if "from" in given else 0.0
    ends = given["until"].moment(day_s) if "until" in given else None
    if ends is not None and ends <= begins:
        given["until"].wrong("must be later than from")
    over_s = given["over"].duration(0.0, day_s) if "over" in given else 0.0
    return Shift(begins, ends, over_s=over_s, **_part(given))


def _absence(field: Field, day_s: float) -> Absence:
    given = field.mapping(("share", "number", "from", "for", "over", "back_over", "leaving", "announced"))
    if "from" not in given:
        field.wrong("from is missing: when do they leave?")
    times: dict[str, Any] = {
        name: given[key].duration(0.0, day_s)
        for key, name in (("for", "away_s"), ("over", "over_s"), ("back_over", "back_over_s"))
        if key in given
    }
    return Absence(
        given["from"].moment(day_s),
        leaving=Leaving(given["leaving"].one_of(tuple(Leaving)))
        if "leaving" in given
        else Leaving.AFTER_CALL,
        announced=given["announced"].yes() if "announced" in given else False,
        **times,
        **_part(given),
    )


def _trunk(field: Field) -> Trunk:
    given = field.mapping(("number", "calls_per_second", "ring_for"))
    trunk = Trunk()
    if "number" in given and given["number"].text != "unlimited":
        trunk = replace(trunk, number=given["number"].whole(1, UNLIMITED_LINES))
    if "calls_per_second" in given:
        trunk = replace(trunk, calls_per_second=given["calls_per_second"].number(0.1, 10_000))
    if "ring_for" in given:
        # 16 CFR 310.4(b)(4)(ii): at least 15 seconds or four rings
        trunk = replace(trunk, ring_for_s=given["ring_for"].duration(15.0, 180.0))
    return trunk


# --- calls and contacts -----------------------------------------------------------------------------------------------


def _calls(field: Field, base: Calls, day_s: float) -> Calls:
    given = field.mapping((*FIGURES, "by_time"))
    figures = {name: FIGURES[name](value) for name, value in given.items() if name in FIGURES}
    if "by_time" in given:
        figures["by_time"] = _curve(given["by_time"], day_s)
    calls = replace(base, **figures)
    _picked_up(field, calls)
    return calls


def _curve(field: Field, day_s: float) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for item in field.items():
        given = item.mapping(("at", "factor"))
        if len(given) != 2:
            item.wrong("needs at and factor, such as {at: 2 h, factor: 1.5}")
        at = given["at"].moment(day_s)
        if points and at <= points[-1][0]:
            given["at"].wrong("times must rise from line to line")
        points.append((at, given["factor"].number(0.0, 20.0)))
    return tuple(points)


def _picked_up(field: Field, calls: Calls) -> None:
    total = calls.answer_probability * max([1.0, *(f for _, f in calls.by_time)]) + calls.machines
    if total > 1 + 1e-9:
        field.wrong(f"answered_by_person (at the best time) and machines sum to {total:.4g}: at most 1")


def _list(field: Field | None, base: Calls, day_s: float) -> ContactList:
    everyone = (ContactClass("everyone", 1.0, base),)
    if field is None:
        return ContactList(everyone)
    given = field.mapping(("size", "size_per_agent", "refill", "classes"))
    size = None
    if "size" in given and given["size"].text != "endless":
        size = given["size"].whole(0, 100_000_000)
    if "size_per_agent" in given and size is not None:
        given["size_per_agent"].wrong("give size or size_per_agent, not both")
    per_agent = given["size_per_agent"].number(0, 1e6) if "size_per_agent" in given else None
    classes = _classes(given["classes"], base, day_s) if "classes" in given else everyone
    every_s, refill = _refill(given["refill"], day_s) if "refill" in given else (None, 0)
    return ContactList(classes, size, per_agent, every_s, refill)


def _refill(field: Field, day_s: float) -> tuple[float, int]:
    given = field.mapping(("every", "contacts"))
    if len(given) != 2:
        field.wrong("needs every and contacts, such as {every: 1 h, contacts: 500}")
    return given["every"].duration(1.0, day_s), given["contacts"].whole(1, 10_000_000)


def _classes(field: Field, base: Calls, day_s: float) -> tuple[ContactClass, ...]:
    classes: list[ContactClass] = []
    for item in field.items():
        given = item.mapping(("name", "weight", "calls", "looks"))
        for needed in ("name", "weight"):
            if needed not in given:
                item.wrong(f"{needed} is missing")
        if given["name"].words(40) in (other.name for other in classes):
            given["name"].wrong("is the name of another class already")
        calls = _calls(given["calls"], base, day_s) if "calls" in given else base
        looks = _looks(given["looks"]) if "looks" in given else Looks()
        classes.append(ContactClass(given["name"].words(40), given["weight"].share(), calls, looks))
    whole(field, [each.weight for each in classes], "weights")
    return tuple(classes)


def _looks(field: Field) -> Looks:
    names = ("number_type", "area", "list_name", "list_age", "earlier_attempts", "misfiled")
    given = field.mapping(names)
    figures: dict[str, Any] = {name: given[name].words(40) for name in names[:3] if name in given}
    if "list_age" in given:
        figures["list_age_days"] = law(given["list_age"], lambda age: age.duration(0, 3650 * _DAY_S) / _DAY_S)
    if "earlier_attempts" in given:
        figures["earlier_attempts"] = law(given["earlier_attempts"], lambda count: count.number(0, 100))
    if "misfiled" in given:
        figures["misfiled"] = given["misfiled"].share()
    return Looks(**figures)


# --- changes ----------------------------------------------------------------------------------------------------------


def _changes(
    field: Field, contacts: ContactList, day_s: float
) -> tuple[tuple[Change, ...], tuple[CarrierEvent, ...]]:
    changes: list[Change] = []
    events: list[CarrierEvent] = []
    for item in field.items():
        given = item.mapping(("at", "over", "for", "set", "class", "carrier"))
        if "at" not in given:
            item.wrong("at is missing: when does it change?")
        if ("set" in given) == ("carrier" in given):
            item.wrong("needs set (figures of calls) or carrier (fails, flood), one of them")
        if "carrier" in given:
            events.append(_carrier_event(item, given, day_s))
        else:
            changes.append(_change(item, given, contacts, day_s))
            _no_overlap(item, changes)
    return tuple(sorted(changes, key=lambda change: change.begins)), tuple(events)


def _carrier_event(item: Field, given: dict[str, Field], day_s: float) -> CarrierEvent:
    if "for" not in given:
        item.wrong("for is missing: how long?")
    for senseless in ("over", "class"):
        if senseless in given:
            given[senseless].wrong("does not go with carrier: it takes every line, at once")
    begins = given["at"].moment(day_s)
    return CarrierEvent(
        begins, begins + given["for"].duration(0.0, day_s), Carrier(given["carrier"].one_of(tuple(Carrier)))
    )


def _change(item: Field, given: dict[str, Field], contacts: ContactList, day_s: float) -> Change:
    figures = {name: FIGURES[name](value) for name, value in given["set"].mapping(tuple(FIGURES)).items()}
    if "over" in given and (sudden := [name for name in figures if name not in GRADUAL]):
        given["over"].wrong(f"{', '.join(sudden)} can only change at once; gradual are {', '.join(GRADUAL)}")
    over_s = given["over"].duration(0.0, day_s) if "over" in given else 0.0
    lasts_s = given["for"].duration(0.0, day_s) if "for" in given else None
    if lasts_s is not None and lasts_s < over_s:
        given["for"].wrong("must not be shorter than over")
    named = given["class"].one_of([each.name for each in contacts.classes]) if "class" in given else None
    for each in contacts.classes:
        if named in (None, each.name):
            _picked_up(given["set"], replace(each.calls, **figures))
    return Change(given["at"].moment(day_s), figures, over_s, lasts_s, named)


def _no_overlap(item: Field, changes: list[Change]) -> None:
    """The figures of one change must have arrived, and returned, before the next change of the same begins."""
    new = changes[-1]
    for other in changes[:-1]:
        same_class = (
            None in (new.contact_class, other.contact_class) or new.contact_class == other.contact_class
        )
        both = set(new.figures) & set(other.figures)
        if same_class and both and new.begins < _settled(other) and other.begins < _settled(new):
            item.wrong(f"overlaps with another change of {', '.join(sorted(both))}")


def _settled(change: Change) -> float:
    return change.begins + change.over_s + (change.lasts_s or 0.0)
