"""SVG of a layout. Text is escaped, fonts are those of the reader's machine, colours hold in print."""

import itertools
from html import escape
from typing import Final

from ivr.diagram.drawing import Arrow, drawing_of, width
from ivr.diagram.layout import SMALL, TITLE, Layout, Place, laid_out
from ivr.flow.model import Flow
from ivr.words import Language

_FILLS: Final = {
    "start": "#1f4e79", "entry": "#dbe7f3", "any": "#f1f1f1", "say": "#eef6ee", "play": "#eef6ee",
    "menu": "#fff4d6", "gather": "#fff4d6", "question": "#ffe9c7", "branch": "#efe7f7", "set": "#efe7f7",
    "subflow": "#efe7f7", "return": "#efe7f7", "transfer": "#d9ecf7", "hang_up": "#f7dede",
}  # fmt: skip
_OTHER: Final = "#e3f2ef"
_STYLE: Final = (
    "text{font-family:system-ui,'Noto Sans','Noto Sans CJK SC','Microsoft YaHei',sans-serif;fill:#1b1b1b}"
    f".t{{font-size:{TITLE:g}px;font-weight:600}}.s{{font-size:{SMALL:g}px;fill:#555}}"
    ".l{font-size:11px;fill:#333;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
    ".e{fill:none;stroke:#667;stroke-width:1.4}.d{stroke-dasharray:5 4;stroke:#a66}.w{fill:#fff}"
)


def as_svg(flow: Flow, language: Language) -> str:
    layout = laid_out(drawing_of(flow, language))
    arrows: list[str] = []
    labels: list[str] = []
    for arrow, names in layout.routes:
        path, label = _forward(layout, arrow, names)
        arrows.append(path)
        labels.append(label)
    for lane, arrow in enumerate(sorted(layout.back, key=lambda one: _span(layout, one))):
        path, label = _back(layout, arrow, lane)
        arrows.append(path)
        labels.append(label)
    boxes = [_box(place) for place in layout.places.values() if place.box is not None]
    size = f'width="{layout.w:.0f}" height="{layout.h:.0f}" viewBox="0 0 {layout.w:.0f} {layout.h:.0f}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(flow.name)}</title>'
        f"<style>{_STYLE}</style>"
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>'
        f'<rect width="{layout.w:.0f}" height="{layout.h:.0f}" fill="#fff"/>'
    )
    return "\n".join([head, *arrows, *boxes, *(label for label in labels if label), "</svg>\n"])


def _span(layout: Layout, arrow: Arrow) -> float:
    return abs(layout.places[arrow.origin].y - layout.places[arrow.target].y)


def _forward(layout: Layout, arrow: Arrow, names: list[str]) -> tuple[str, str]:
    """From the lower edge to the upper one, through its bends; several arrows of a box leave side by side."""
    places = [layout.places[name] for name in names]
    first, last = places[0], places[-1]
    count = sum(1 for other, _ in layout.routes if other.origin == arrow.origin)
    number = _rank(layout, arrow)
    x = first.x + (number - (count - 1) / 2) * min(24.0, first.w / (count + 1))
    points = [(x, first.y + first.h / 2), *((p.x, p.y) for p in places[1:-1]), (last.x, last.y - last.h / 2)]
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        bend = (y1 - y0) * 0.5
        path += f"C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
    (x0, y0), (x1, y1) = points[0], points[1]
    share = 0.34 + 0.17 * (number % 3)
    label = _label(arrow, x0 + (x1 - x0) * share, y0 + 14 + (min(y1 - y0, 74) - 26) * ((number % 3) / 2))
    return _path(arrow, path), label


def _rank(layout: Layout, arrow: Arrow) -> int:
    """The arrow's place among those of its box, from left to right."""
    ways = [
        (layout.places[names[1]].x, other) for other, names in layout.routes if other.origin == arrow.origin
    ]
    ways.sort(key=lambda way: way[0])
    return next(place for place, (_, other) in enumerate(ways) if other is arrow)


def _back(layout: Layout, arrow: Arrow, lane: int) -> tuple[str, str]:
    origin, target = layout.places[arrow.origin], layout.places[arrow.target]
    edge = layout.w - 20 - 22 * (len(layout.back) - 1 - lane)
    x0, y0 = origin.x + origin.w / 2, origin.y + 4
    x1, y1 = target.x + target.w / 2, target.y - 4 + 3 * (lane % 4)
    path = (
        f"M{x0:.1f} {y0:.1f}C{x0 + 40:.1f} {y0:.1f} {edge:.1f} {y0 + 30:.1f} {edge:.1f} {y0 - 30:.1f}"
        f"L{edge:.1f} {y1 + 30:.1f}C{edge:.1f} {y1 - 20:.1f} {x1 + 60:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    )
    return _path(arrow, path), _label(arrow, x0 + 12 + width(arrow.label, 11) / 2, y0 + 14)


def _path(arrow: Arrow, path: str) -> str:
    return f'<path class="e{" d" if arrow.aside else ""}" d="{path}" marker-end="url(#a)"/>'


def _label(arrow: Arrow, x: float, y: float) -> str:
    if not arrow.label:
        return ""
    return f'<text class="l" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{_shown(arrow.label)}</text>'


def _box(place: Place) -> str:
    box = place.box
    assert box is not None  # noqa: S101  bends are not drawn
    fill = _FILLS.get(box.kind, _OTHER)
    round_ = place.h / 2 if box.kind in ("start", "entry", "any", "hang_up") else 7
    left, top = place.x - place.w / 2, place.y - place.h / 2
    lines = box.text.split("\n") if box.text else []
    y = top + 9 + TITLE
    white = " w" if box.kind == "start" else ""
    parts = [
        f'<g><title>{_shown(box.name)}</title><rect x="{left:.1f}" y="{top:.1f}" width="{place.w:.1f}" '
        f'height="{place.h:.1f}" rx="{round_:.1f}" fill="{fill}" stroke="#889"/>',
        f'<text class="t{white}" x="{place.x:.1f}" y="{y:.1f}" text-anchor="middle">{_shown(box.title)}</text>',
    ]
    for line in lines:
        y += SMALL * 1.45
        parts.append(
            f'<text class="s" x="{place.x:.1f}" y="{y:.1f}" text-anchor="middle">{_shown(line)}</text>'
        )
    return "".join([*parts, "</g>"])


def _shown(text: str) -> str:
    return escape("".join(char for char in text if char.isprintable()))
