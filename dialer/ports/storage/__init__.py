"""What the engine, the web and the command line need of the store: a module for each part of it, all named here.

Every time is an aware datetime handed in by the caller: the store has no clock of its own. Every method may raise
`StorageDown`; then nothing, or all of it, happened, and the methods named "again" are safe to repeat.
"""

from dialer.ports.storage.agents import AgentChange, AgentStore, AgentWish, TimeInState
from dialer.ports.storage.attempts import (
    AttemptStore,
    ClaimedContact,
    OpenAttempt,
    Progress,
    Settlement,
    TimelineEntry,
)
from dialer.ports.storage.campaigns import Abandonment, CampaignStore, ContactCounts
from dialer.ports.storage.contacts import ContactStore, ContactView
from dialer.ports.storage.do_not_call import DoNotCallEntry, DoNotCallStore, ListKind
from dialer.ports.storage.history import AttemptHistory, AttemptView
from dialer.ports.storage.recordings import (
    RecordingIndex,
    RecordingMarks,
    RecordingView,
    Silence,
    StoredRecording,
)
from dialer.ports.storage.runners import Changes, RunnerStore
from dialer.ports.storage.users import Caller, UserStore

__all__ = [
    "Abandonment",
    "AgentChange",
    "AgentStore",
    "AgentWish",
    "AttemptHistory",
    "AttemptStore",
    "AttemptView",
    "Caller",
    "CampaignStore",
    "Changes",
    "ClaimedContact",
    "ContactCounts",
    "ContactStore",
    "ContactView",
    "DoNotCallEntry",
    "DoNotCallStore",
    "ListKind",
    "OpenAttempt",
    "Progress",
    "RecordingIndex",
    "RecordingMarks",
    "RecordingView",
    "RunnerStore",
    "Settlement",
    "Silence",
    "StoredRecording",
    "TimeInState",
    "TimelineEntry",
    "UserStore",
]
