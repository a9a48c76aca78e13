"""A contact: a person with one or several numbers, and where they stand in a campaign."""

from collections.abc import Mapping
from enum import StrEnum


class ContactState(StrEnum):
    READY = "ready"  # dialable from `due_at` on
    CLAIMED = "claimed"  # an attempt is open
    DONE = "done"  # reached, with a result
    EXHAUSTED = "exhausted"  # tried as often as the rules allow
    BLOCKED = "blocked"  # must not be called


class ContactSignal(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"  # claimed, but nothing was dialled
    RETRY = "retry"
    FINISH = "finish"
    EXHAUST = "exhaust"
    BLOCK = "block"
    REOPEN = "reopen"  # a call-back was agreed, or an operator put the contact back


_S, _G = ContactState, ContactSignal

TRANSITIONS: Mapping[tuple[ContactState, ContactSignal], ContactState] = {
    (_S.READY, _G.CLAIM): _S.CLAIMED,
    (_S.READY, _G.BLOCK): _S.BLOCKED,
    (_S.CLAIMED, _G.RELEASE): _S.READY,
    (_S.CLAIMED, _G.RETRY): _S.READY,
    (_S.CLAIMED, _G.FINISH): _S.DONE,
    (_S.CLAIMED, _G.EXHAUST): _S.EXHAUSTED,
    (_S.CLAIMED, _G.BLOCK): _S.BLOCKED,
    (_S.DONE, _G.REOPEN): _S.READY,
    (_S.DONE, _G.BLOCK): _S.BLOCKED,
    (_S.EXHAUSTED, _G.REOPEN): _S.READY,
    (_S.EXHAUSTED, _G.BLOCK): _S.BLOCKED,
}
