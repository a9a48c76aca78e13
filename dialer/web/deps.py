"""What the web is given by whoever puts the service together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.compliance.rulebook import Rulebook
from dialer.domain.contact_rows import RefusedRow
from dialer.domain.ids import CampaignId
from dialer.domain.inbound import Holidays
from dialer.domain.survey import Questionnaire
from dialer.engine.explainer import Explainer
from dialer.errors import NotFound
from dialer.ports.consent import ConsentStore
from dialer.ports.dialling import GateRecords
from dialer.ports.floor import Floor
from dialer.ports.hearing import TrunkToneStore
from dialer.ports.ivr import CallerRequests, InboundRoutes, IvrCalls, IvrFlows, Surveys
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
    UserStore,
)
from dialer.ports.texts import TextOutbox

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
    def inbound(self) -> InboundRoutes: ...
    @property
    def ivr_calls(self) -> IvrCalls: ...
    @property
    def ivr_flows(self) -> IvrFlows: ...
    @property
    def ivr_requests(self) -> CallerRequests: ...
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
    def texts(self) -> TextOutbox: ...
    @property
    def tones(self) -> TrunkToneStore: ...
    @property
    def surveys(self) -> Surveys: ...
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
class FlowEntry:
    """Where a caller can be sent to. `label` is what operators call the node there, by language."""

    entry: str
    node: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FlowEntries:
    """`title`: what operators call the flow, by language."""

    flow: str
    version: str
    title: Mapping[str, str]
    entries: Sequence[FlowEntry]


class FlowReader(Protocol):
    """Published flows, for whoever does not know what a flow is made of. Every method raises `NotFound`."""

    async def script(self, name: str, version: str | None, language: str) -> Mapping[str, Any]:
        """As an agent reads it. Raises `BadInput` for a language the flow does not speak."""
        ...

    async def questionnaire(self, name: str, version: str | None = None) -> Questionnaire: ...

    async def entries(self, name: str, version: str | None = None) -> FlowEntries: ...


class NoFlows:
    """Where no flows are read."""

    async def script(self, name: str, version: str | None, language: str) -> Mapping[str, Any]:
        raise NotFound(f"no flow {name!r} has been published")

    async def questionnaire(self, name: str, version: str | None = None) -> Questionnaire:
        raise NotFound(f"no flow {name!r} has been published")

    async def entries(self, name: str, version: str | None = None) -> FlowEntries:
        raise NotFound(f"no flow {name!r} has been published")


def _no_holidays(_calendar: str, _day: date) -> bool:
    return False


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
    flows: FlowReader = NoFlows()  # noqa: RUF009  it has no state
    holidays: Holidays = _no_holidays
    trunks: frozenset[str] | None = None  # names a campaign may use; None: not checked
