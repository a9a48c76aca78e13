"""State machines as data: a table (state, signal) -> state, and one function that obeys it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Signal = TypeVar("Signal", bound=StrEnum)


class IllegalTransition(Exception):
    """The signal has no meaning in this state; the state is unchanged."""

    def __init__(self, state: StrEnum, signal: StrEnum) -> None:
        super().__init__(f"{signal} is not possible in state {state}")
        self.state = state
        self.signal = signal


def following(table: Mapping[tuple[State, Signal], State], state: State, signal: Signal) -> State:
    try:
        return table[state, signal]
    except KeyError:
        raise IllegalTransition(state, signal) from None
