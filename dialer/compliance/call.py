"""What the rules ask of a call: where it goes, what went before, which lists speak of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dialer.compliance.profile import ConsentKind, Voice
from dialer.domain.campaign_rules import CallPurpose
from dialer.domain.registry import RegistryListing


@dataclass(frozen=True, slots=True)
class CalledPlace:
    """`country` ISO 3166-1 alpha-2, None when unknown; `states` and IANA `zones` are all the person may be in."""

    country: str | None
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastCall:
    """An attempt on this person, on whatever number. Flags are facts of the ledger, never guesses.

    `connected`: it reached the dialled number, answered or not. `effective`: a voice contact came about. `conversation`: an
    agent spoke with the person. `refused`: the person said no. `same_number`: it was the number now to be dialled.
    """

    at: datetime
    subject: str = ""
    debt: str = ""
    seller: str = ""
    caller_id: str = ""
    connected: bool = True
    effective: bool = False
    conversation: bool = False
    refused: bool = False
    abandoned: bool = False
    machine_verdict: bool = False
    consented: bool = False
    same_number: bool = True


@dataclass(frozen=True, slots=True)
class NextCall:
    """The call that is asked for. `operator_reserved`: an agent is held for it (preview).

    `consented`: the person agreed to this very call, within the time in which the rules let that count (12 CFR
    1006.14(b)(3)(i): seven days). Consent to be called at all is no such thing.
    """

    at: datetime
    subject: str = ""
    debt: str = ""
    seller: str = ""
    purposes: frozenset[CallPurpose] = frozenset({CallPurpose.SALES})
    voice: Voice = Voice.LIVE
    detector: bool = False
    operator_reserved: bool = False
    consented: bool = False


@dataclass(frozen=True, slots=True)
class ConsentStanding:
    """The consent that stands for this number, seller and subject; `id` is that of its record. `revoked` topics of the number."""

    kind: ConsentKind = ConsentKind.NONE
    id: int | None = None
    given_at: datetime | None = None
    lifts_hours: bool = False  # the customer asked to be called at such hours
    revoked: Sequence[tuple[str, datetime]] = ()  # (topic, when)


@dataclass(frozen=True, slots=True)
class ListStanding:
    """What every list says of a number. `reassigned`: the Reassigned Numbers Database, "yes", "no", "no_data", None unasked."""

    internal_dnc: str | None = None  # why it is on a list of our own
    blocked_prefix: str | None = None
    complaint: str | None = None
    sensitive: str | None = None  # the channel the customer prefers
    registries: Sequence[RegistryListing] = ()
    relationship: bool = False  # an established business relationship
    reassigned: str | None = None
    internal_dnc_until: datetime | None = None  # None: for good


@dataclass(frozen=True, slots=True)
class CallerId:
    """`proof`: there is evidence of the right to use the number."""

    number: str | None
    allow_listed: bool
    withheld: bool = False
    proof: bool = False


@dataclass(frozen=True, slots=True)
class CallsToday:
    """What this house has called on the day that one profile counts, in all campaigns together; the day is over at `ends`."""

    profile: str
    calls: int
    short: int
    ends: datetime


@dataclass(frozen=True, slots=True)
class CallFacts:
    """All that is known of one call at the moment the gate decides."""

    place: CalledPlace
    history: Sequence[PastCall]
    lists: ListStanding
    consent: ConsentStanding
    caller_id: CallerId
    today: date
    calls_today: Sequence[CallsToday] = ()
