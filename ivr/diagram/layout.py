"""Where boxes and arrows go: layers from top to bottom (Sugiyama), ways back drawn round the right-hand side."""

import itertools
from dataclasses import dataclass, field
from typing import Final

from ivr.diagram.drawing import Arrow, Box, Drawing, width

TITLE: Final = 14.0
SMALL: Final = 11.0
_PADDING: Final = 14.0
_BETWEEN: Final = 46.0
_LAYER_GAP: Final = 74.0
_BEND: Final = 14.0  # room that a passing arrow takes in a layer
_SWEEPS: Final = 12


@dataclass(slots=True)
class Place:
    """Centre and size, in pixels. A bend of a long arrow has no box."""

    box: Box | None
    w: float
    h: float
    x: float = 0.0
    y: float = 0.0
    layer: int = 0


@dataclass(slots=True)
class Layout:
    places: dict[str, Place] = field(default_factory=dict)
    routes: list[tuple[Arrow, list[str]]] = field(default_factory=list)  # boxes and bends an arrow goes by
    back: list[Arrow] = field(default_factory=list)
    w: float = 0.0
    h: float = 0.0


def laid_out(drawing: Drawing) -> Layout:
    layout = Layout({box.name: Place(box, *_size(box)) for box in drawing.boxes})
    forward = _without_back(drawing, layout)
    _layers(layout, forward)
    _bends(layout, forward)
    rows = _rows(layout)
    following, before = _neighbours(layout)
    for sweep in range(_SWEEPS):
        _sort(rows, before if sweep % 2 == 0 else following, downwards=sweep % 2 == 0)
    _coordinates(layout, rows, before, following)
    return layout


def _size(box: Box) -> tuple[float, float]:
    lines = box.text.split("\n") if box.text else []
    widest = max([width(box.title, TITLE) * 1.08, *(width(line, SMALL) for line in lines)])
    return max(70.0, widest + 2 * _PADDING), 2 * 9 + TITLE * 1.3 + len(lines) * SMALL * 1.45


def _without_back(drawing: Drawing, layout: Layout) -> list[Arrow]:
    """Arrows that lead on; those that lead back to where a call has been are set apart."""
    ways: dict[str, list[Arrow]] = {}
    for arrow in drawing.arrows:
        ways.setdefault(arrow.origin, []).append(arrow)
    done: set[str] = set()
    on_path: set[str] = set()
    forward: list[Arrow] = []
    for root in layout.places:
        work = [(root, iter(ways.get(root, [])))] if root not in done else []
        done.add(root)
        on_path.add(root)
        while work:
            name, rest = work[-1]
            way = next(rest, None)
            if way is None:
                on_path.discard(name)
                work.pop()
            elif way.target in on_path:
                layout.back.append(way)
            else:
                forward.append(way)
                if way.target not in done:
                    done.add(way.target)
                    on_path.add(way.target)
                    work.append((way.target, iter(ways.get(way.target, []))))
    return forward


def _layers(layout: Layout, forward: list[Arrow]) -> None:
    """Each box one layer below the lowest of those that lead to it."""
    incoming = {name: 0 for name in layout.places}
    ways: dict[str, list[str]] = {}
    for arrow in forward:
        incoming[arrow.target] += 1
        ways.setdefault(arrow.origin, []).append(arrow.target)
    ready = [name for name, count in incoming.items() if count == 0]
    while ready:
        name = ready.pop()
        for target in ways.get(name, []):
            layout.places[target].layer = max(layout.places[target].layer, layout.places[name].layer + 1)
            incoming[target] -= 1
            if incoming[target] == 0:
                ready.append(target)
    for name, place in layout.places.items():  # an entry stands right above where it leads
        if place.box is not None and place.box.kind in ("entry", "any"):
            place.layer = max(0, min(layout.places[target].layer for target in ways[name]) - 1)


def _bends(layout: Layout, forward: list[Arrow]) -> None:
    for number, arrow in enumerate(forward):
        first, last = layout.places[arrow.origin].layer, layout.places[arrow.target].layer
        names = [arrow.origin]
        for layer in range(first + 1, last):
            name = f"~{number}.{layer}"
            layout.places[name] = Place(None, _BEND, 0.0, layer=layer)
            names.append(name)
        layout.routes.append((arrow, [*names, arrow.target]))


def _rows(layout: Layout) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(1 + max(place.layer for place in layout.places.values()))]
    for name, place in layout.places.items():
        rows[place.layer].append(name)
    return rows


def _neighbours(layout: Layout) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    following: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for _, names in layout.routes:
        for one, other in itertools.pairwise(names):
            following.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    return following, before


def _sort(rows: list[list[str]], neighbours: dict[str, list[str]], *, downwards: bool) -> None:
    """Each row in the order of the middle of its neighbours: few arrows cross."""
    for row in rows if downwards else reversed(rows):
        place = {name: number for row in rows for number, name in enumerate(row)}
        middles = {
            name: sum(place[other] for other in near) / len(near)
            if (near := neighbours.get(name))
            else place[name]
            for name in row
        }
        row.sort(key=lambda name: middles[name])


def _coordinates(
    layout: Layout, rows: list[list[str]], before: dict[str, list[str]], following: dict[str, list[str]]
) -> None:
    places = layout.places
    y = 30.0
    for row in rows:
        height = max(places[name].h for name in row)
        for name in row:
            places[name].y = y + height / 2
        y += height + _LAYER_GAP
        _spread(places, row, {name: 0.0 for name in row})
    for sweep in range(_SWEEPS):
        near = before if sweep % 2 == 0 else following
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wished = {
                name: sum(places[other].x for other in near[name]) / len(near[name])
                if near.get(name)
                else places[name].x
                for name in row
            }
            _spread(places, row, wished)
    left = min(place.x - place.w / 2 for place in places.values()) - 30
    for place in places.values():
        place.x -= left
    layout.w = max(place.x + place.w / 2 for place in places.values()) + 40 + 22 * len(layout.back)
    layout.h = y - _LAYER_GAP + 30


def _spread(places: dict[str, Place], row: list[str], wished: dict[str, float]) -> None:
    """As near to where they would like to be as their order and their widths allow: the mean of packing from
    the left and from the right keeps both."""
    from_left: list[float] = []
    for number, name in enumerate(row):
        least = from_left[-1] + _gap(places, row[number - 1], name) if from_left else wished[name]
        from_left.append(max(wished[name], least))
    from_right: list[float] = []
    for number in range(len(row) - 1, -1, -1):
        name = row[number]
        most = from_right[-1] - _gap(places, name, row[number + 1]) if from_right else wished[name]
        from_right.append(min(wished[name], most))
    for name, one, other in zip(row, from_left, reversed(from_right), strict=True):
        places[name].x = (one + other) / 2


def _gap(places: dict[str, Place], left: str, right: str) -> float:
    return (places[left].w + places[right].w) / 2 + _BETWEEN
