"""The kinds of nodes, by the word of `type`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ivr.flow.nodes.asking import Gather, Menu
from ivr.flow.nodes.deciding import Branch, Return, Set, Subflow
from ivr.flow.nodes.leaving import HangUp, Transfer
from ivr.flow.nodes.node import Node
from ivr.flow.nodes.questions import Question
from ivr.flow.nodes.speaking import Play, Say
from ivr.flow.nodes.working import Callback, Http, OptOut, Record, Sms, Voicemail

_ALL: Final[tuple[type[Node], ...]] = (
    Say, Play, Gather, Menu, Branch, Question, Transfer, Record, Voicemail, Callback, Sms, Http, Set, Subflow,
    Return, OptOut, HangUp,
)  # fmt: skip

NODES: Final[Mapping[str, type[Node]]] = MappingProxyType({cls.TYPE: cls for cls in _ALL})

__all__ = [
    "NODES",
    "Branch",
    "Callback",
    "Gather",
    "HangUp",
    "Http",
    "Menu",
    "Node",
    "OptOut",
    "Play",
    "Question",
    "Record",
    "Return",
    "Say",
    "Set",
    "Sms",
    "Subflow",
    "Transfer",
    "Voicemail",
]
