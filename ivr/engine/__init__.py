"""`advance(flow, state, event) -> (state, commands)`: pure, never awaits, so that every carrier runs the same flow.

A shell turns what happens on a call into events, carries out the commands in order, and keeps the state, which is
small and JSON, wherever it likes: between two steps nothing else is needed to go on.
"""

from ivr.engine.advance import advance, begin
from ivr.engine.state import State

__all__ = ["State", "advance", "begin"]
