"""State tables drawn from the tables themselves."""

from collections.abc import Mapping

from dialer.domain.transitions import Signal, State


def as_mermaid(table: Mapping[tuple[State, Signal], State]) -> str:
    """A Mermaid state diagram; signals that lead the same way share an arrow."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, signal), to in table.items():
        arrows.setdefault((state, to), []).append(signal)
    lines = [f"    {state} --> {to}: {', '.join(signals)}" for (state, to), signals in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])
