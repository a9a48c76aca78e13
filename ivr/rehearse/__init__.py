"""A flow in a terminal: no telephone, the same engine."""

from ivr.rehearse.keys import Key, KeysRefused, parse_keys
from ivr.rehearse.runner import Line, Rehearsal, rehearse

__all__ = ["Key", "KeysRefused", "Line", "Rehearsal", "parse_keys", "rehearse"]
