"""State tables drawn from the tables themselves."""

from collections.abc import Mapping
from enum import StrEnum


def as_mermaid(table: Mapping[tuple[StrEnum, StrEnum], StrEnum]) -> str:
    """A Mermaid state diagram; signals that lead the same way share an arrow."""
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for (state, signal), to in table.items():
        arrows.setdefault((state, to), []).append(signal)
    lines = [f"    {state} --> {to}: {', '.join(signals)}" for (state, to), signals in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])
