"""What the web is given by whoever puts the service together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.compliance.rulebook import Rulebook
from dialer.domain.ids import CampaignId
from dialer.engine.explainer import Explainer
from dialer.ports.consent import ConsentStore
from dialer.ports.dialling import GateRecords
from dialer.ports.floor import Floor
from dialer.ports.ledger import LedgerStore
from dialer.ports.pacing import PacingStore
from dialer.ports.privacy import PrivacyStore, RetentionStore
from dialer.ports.storage import (
    AgentStore,
    AttemptHistory,
    CampaignStore,
    ContactStore,
    DoNotCallStore,
    RecordingIndex,
    RefusedRow,
    UserStore,
)

_UTC = ZoneInfo("UTC")
_NO_RULES = Rulebook({}, "")


class Store(Protocol):
    """The parts of the store that people use, each under its name."""

    @property
    def campaigns(self) -> CampaignStore: ...
    @property
    def consent(self) -> ConsentStore: ...
    @property
    def contacts(self) -> ContactStore: ...
    @property
    def agents(self) -> AgentStore: ...
    @property
    def do_not_call(self) -> DoNotCallStore: ...
    @property
    def gate(self) -> GateRecords: ...
    @property
    def history(self) -> AttemptHistory: ...
    @property
    def ledger(self) -> LedgerStore: ...
    @property
    def pacing(self) -> PacingStore: ...
    @property
    def privacy(self) -> PrivacyStore: ...
    @property
    def recordings(self) -> RecordingIndex: ...
    @property
    def retention(self) -> RetentionStore: ...
    @property
    def users(self) -> UserStore: ...


class RecordingFiles(Protocol):
    def open_path(self, name: str) -> Path | None:
        """Where the recording lies; None when there is no such file inside the store."""
        ...


@dataclass(frozen=True, slots=True)
class ListSummary:
    read: int
    taken: int
    refused: int
    rows: Sequence[RefusedRow]  # the first of the refused, for people


class ListIntake(Protocol):
    async def take(self, campaign: CampaignId, source: str, file: Path) -> ListSummary:
        """Import a CSV file into a campaign. Raises `BadInput` when it cannot be read at all, `NotFound`."""
        ...


@dataclass(frozen=True, slots=True)
class WebDeps:
    store: Store
    floor: Floor
    clock: Clock
    recordings: RecordingFiles
    lists: ListIntake
    region: str = "US"  # for numbers written without a country code
    zone: ZoneInfo = _UTC  # whose midnight begins a day
    rules: Rulebook = _NO_RULES
    explainer: Explainer | None = None
    trunks: frozenset[str] | None = None  # names a campaign may use; None: not checked
