"""The law of one place and purpose as figures: what a profile file holds, each figure with its source.

A profile never decides anything by itself. Every profile that matches a call and is in force on its date takes part, and the
strictest of them wins field by field. A rule that is None or empty means that the profile says nothing on the matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from dialer.domain.campaign_rules import CallPurpose


class Evidence(StrEnum):
    """How well a figure is known. It labels and never switches off."""

    VERIFIED = "V"  # read in a primary source, or in several independent secondary ones
    SECONDARY = "S"  # read in one secondary source: "reported"
    UNCONFIRMED = "K"  # background knowledge: "unverified"
    POLICY = "P"  # a convention of this product, no law
    DISPUTED = "X"  # sources disagree, the stricter figure is shown


class Nature(StrEnum):
    LAW = "law"
    SUPERSEDED = "superseded"
    REGULATOR_POLICY = "regulator_policy"
    INDUSTRY_CODE = "industry_code"
    RECOMMENDED_STANDARD = "recommended_standard"
    PROJECT_POLICY = "project_policy"
    DRAFT = "draft"  # never applied by itself


class Voice(StrEnum):
    LIVE = "live"
    PRERECORDED = "prerecorded"  # or artificial


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from, e.g. "16 CFR 310.4(b)(4)(ii)", and how well it is known ("V", "S/K" for a mixture).

    `note`: what else people should know of it, such as which part of the figure is disputed.
    """

    citation: str
    evidence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls a profile governs; an empty set means every one. `countries` ISO 3166-1 alpha-2, `states` such as "FL".

    `named_only`: applied only where a campaign names it (industry codes, project policy, drafts). `not_purposes`: calls for
    one of these have a profile of their own, which takes this one's place.
    """

    countries: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    purposes: frozenset[CallPurpose] = frozenset()
    voices: frozenset[Voice] = frozenset()
    named_only: bool = False
    not_purposes: frozenset[CallPurpose] = frozenset()


class WindowRule(StrEnum):
    """How the time in which abandonment is counted is cut."""

    US_30_DAY_BLOCK = "us_30_day_block"
    CALENDAR_DAY = "calendar_day"  # of the profile's zone, or of the campaign's
    CALENDAR_MONTH = "calendar_month"
    ROLLING_30_DAY = "rolling_30_day"
    ROLLING_DAY = "rolling_day"


class RateUnit(StrEnum):
    PER_CAMPAIGN = "per_campaign"
    PER_CALL_CENTRE = "per_call_centre"  # a figure across campaigns is allowed as well


class Formula(StrEnum):
    PLAIN = "plain"  # A / (A + L)
    OFCOM = "ofcom"  # with the reasoned estimates of Ofcom's statement of 2010


@dataclass(frozen=True, slots=True)
class AbandonmentRule:
    """`limit_bp` in hundredths of a percent: 300 is 3 %. `target_bp` is what to aim at, `alarm_bp` what is told at once.

    `zone` IANA; None: the campaign's own. `guard`: an early warning, no legal test.
    """

    limit_bp: int
    window: WindowRule
    source: Source
    unit: RateUnit = RateUnit.PER_CAMPAIGN
    formula: Formula = Formula.PLAIN
    zone: str | None = None
    target_bp: int | None = None
    alarm_bp: int | None = None
    guard: bool = False


class ClockStart(StrEnum):
    """The event the connect threshold is counted from. Where it is unknown, the answer takes its place."""

    ANSWER = "answer"
    GREETING_START = "greeting_start"
    GREETING_END = "greeting_end"


@dataclass(frozen=True, slots=True)
class ConnectRule:
    threshold_ms: int
    clock: ClockStart
    source: Source


@dataclass(frozen=True, slots=True)
class RingRule:
    """`or_rings`: so many rings satisfy the rule as well; None where only the seconds count."""

    least_ms: int
    source: Source
    or_rings: int | None = None


class MessagePart(StrEnum):
    """What an abandoned-call message must hold, or must not. The words are those of a message checker's findings."""

    SELLER_NAME = "seller_name"
    NUMBER = "number"
    TELEMARKETING_PURPOSES = "telemarketing_purposes"
    OPT_OUT = "opt_out"
    OFFER_WORDS = "offer_words"  # must not be there
    NUMBER_CLASS = "number_class"  # the number is of a permitted class


@dataclass(frozen=True, slots=True)
class MessageRule:
    """`within_ms` after `clock`; None: promptly. `violation` names a message that came too late in the ledger.

    `number_prefixes`: the national prefixes a call-back number may begin with; `barred_prefixes`: those it may not.
    """

    parts: frozenset[MessagePart]
    source: Source
    within_ms: int | None = None
    clock: ClockStart = ClockStart.GREETING_END
    violation: str = ""
    number_prefixes: tuple[str, ...] = ()
    barred_prefixes: tuple[str, ...] = ()


OpenHours = tuple[tuple[time, time], ...]
"""Half-open stretches of local time, rising; () is no calls that day. A stretch that ends at 00:00 ends with the day."""


class HolidayShift(StrEnum):
    """On which other day a holiday that falls on a weekend is kept as well."""

    NONE = "none"
    SUNDAY_TO_MONDAY = "sunday_to_monday"
    SUNDAY_TO_MONDAY_SATURDAY_TO_FRIDAY = "sunday_to_monday_saturday_to_friday"


@dataclass(frozen=True, slots=True)
class HoursRule:
    """Local time of the called party. `holiday` None: as on the weekday it falls on.

    `consent_lifts`: with prior consent (or, where the profile says so, at the customer's request) the hours do not bind.
    `holidays`: the calendars to ask, ISO 3166 codes such as "US", "US-LA", "CN"; () is the called party's own country.
    `makeup_workdays`: a weekend day that the government made a working day (China) counts as one. `extra_holidays`: days that
    no calendar knows beforehand, such as those a governor proclaims.
    """

    weekdays: OpenHours
    source: Source
    saturday: OpenHours | None = None  # None: as on weekdays
    sunday: OpenHours | None = None
    holiday: OpenHours | None = None
    holidays: tuple[str, ...] = ()
    shift: HolidayShift = HolidayShift.NONE
    consent_lifts: bool = False
    makeup_workdays: bool = False
    extra_holidays: tuple[date, ...] = ()


class CapWindow(StrEnum):
    ROLLING_24H = "rolling_24h"
    DAYS_7 = "7_days"  # calendar days in the called party's zone, today included
    DAYS_30 = "30_days"
    CALENDAR_DAY = "calendar_day"
    CALENDAR_WEEK = "calendar_week"


WINDOW_DAYS = {
    CapWindow.ROLLING_24H: 1,
    CapWindow.CALENDAR_DAY: 1,
    CapWindow.CALENDAR_WEEK: 7,
    CapWindow.DAYS_7: 7,
    CapWindow.DAYS_30: 30,
}


class CapKey(StrEnum):
    NUMBER = "number"
    PERSON = "person"
    PERSON_SUBJECT = "person_subject"
    PERSON_DEBT = "person_debt"
    CONSUMER_PROFESSIONAL = "consumer_professional"
    DEBTOR = "debtor"


class Counted(StrEnum):
    """Which attempts a cap counts."""

    ALL = "all"
    CONNECTED = "connected"  # those that reached the dialled number: neither busy nor failed
    EFFECTIVE = "effective"  # a voice contact came about


@dataclass(frozen=True, slots=True)
class AttemptCap:
    """`consented_free`: calls to which the person agreed are not counted."""

    most: int
    window: CapWindow
    key: CapKey
    source: Source
    counted: Counted = Counted.ALL
    consented_free: bool = False


class CoolingAfter(StrEnum):
    ABANDONED = "abandoned"
    MACHINE_VERDICT = "machine_verdict"  # of a detector, false or not
    CONVERSATION = "conversation"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class CoolingRule:
    """Exactly one of `hours` (elapsed), `days` (calendar, the day of the event is day `first_day`) and `same_day`, `months`.

    `unless_operator`: a call with an agent reserved for it is allowed. `detector_only`: binds calls with a detector only.
    `reason` is the word of refusal. `consented_free`: neither binds a call to which the person agreed nor follows from one.
    """

    after: CoolingAfter
    reason: str
    source: Source
    hours: int | None = None
    days: int | None = None
    months: int | None = None
    same_day: bool = False
    first_day: int = 0
    key: CapKey = CapKey.NUMBER
    unless_operator: bool = False
    detector_only: bool = False
    consented_free: bool = False


@dataclass(frozen=True, slots=True)
class RegistryRule:
    """`oldest_days`: the age up to which a copy may be used. `registries`: their names in this service."""

    oldest_days: int
    registries: tuple[str, ...]
    source: Source
    consent_overrides: bool = True
    relationship_overrides: bool = False
    reassigned_check: bool = (
        False  # an answer of the Reassigned Numbers Database that is "yes" or "no data" blocks
    )


class ConsentKind(StrEnum):
    NONE = "none"
    EXPRESS = "express"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """`from_day`: the day the duty begins, where it is later than the profile. `relationship_suffices`: an existing contract.

    `purposes`: the calls that need it; an empty set means all that the profile governs.
    """

    least: ConsentKind
    source: Source
    from_day: date | None = None
    relationship_suffices: bool = False
    purposes: frozenset[CallPurpose] = frozenset()


@dataclass(frozen=True, slots=True)
class OptOutRule:
    """By when a request not to be called must be honoured at the latest; this product does it at once.

    The day of receipt is day 0, in `business_days` or calendar `days`. From `all_topics_from` on, consent taken back on one
    topic is taken back on all.
    """

    source: Source
    business_days: int | None = None
    days: int | None = None
    all_topics_from: date | None = None


@dataclass(frozen=True, slots=True)
class CallerIdRule:
    source: Source
    allow_list: bool = True
    may_withhold: bool = False
    proof_of_right: bool = False


class RecordKind(StrEnum):
    CALL_DETAIL = "call_detail"
    RATE_RECORD = "rate_record"
    AUDIO = "audio"
    CONSENT = "consent"
    OFCOM_RECORD = "ofcom_record"
    DNC_ENTRY = "dnc_entry"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """At least so long: calendar years, months and days from `since`. All zero with `for_ever`."""

    record: RecordKind
    source: Source
    years: int = 0
    months: int = 0
    days: int = 0
    since: str = "record"  # the event it is counted from, for people
    for_ever: bool = False


class ForeignRingback(StrEnum):
    """In the order of how long they let it ring."""

    HANG_UP_NOW = "hang_up_now"
    HANG_UP_AFTER_MIN_RING = "hang_up_after_min_ring"
    FLAG_ONLY = "flag_only"


@dataclass(frozen=True, slots=True)
class ShortCallRule:
    """A call of at most `longest_s`, or to voicemail, is short; stop above `most_percent` when `from_calls` a day are exceeded.

    `longest_s` by the day it took effect, oldest first. The day is that of `zone`; Anatel's is the only such rule: Brasília.
    """

    longest_s: tuple[tuple[date | None, int], ...]
    most_percent: int
    from_calls: int
    source: Source
    zone: str = "America/Sao_Paulo"


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    title: str
    nature: Nature
    scope: Scope
    as_of: date
    effective_from: date | None = None
    effective_to: date | None = None
    dates_source: Source | None = None
    abandonment: tuple[AbandonmentRule, ...] = ()
    connect: ConnectRule | None = None
    ring: RingRule | None = None
    message: MessageRule | None = None
    hours: HoursRule | None = None
    attempts: tuple[AttemptCap, ...] = ()
    cooling: tuple[CoolingRule, ...] = ()
    registry: RegistryRule | None = None
    consent: ConsentRule | None = None
    caller_id: CallerIdRule | None = None
    retention: tuple[RetentionRule, ...] = ()
    on_foreign_ringback: ForeignRingback | None = None
    short_calls: ShortCallRule | None = None
    in_call: Mapping[str, str] = field(default_factory=dict)  # event -> flag: the call is to be ended
    duties: tuple[tuple[str, Source], ...] = ()  # what the profile demands besides, for people
    file: str = ""  # where it was read
    title_zh: str = ""
    duties_zh: tuple[str, ...] = ()  # the words of `duties` in Chinese
    opt_out: OptOutRule | None = None
    floor: bool = False  # its ring minimum and connect threshold count only where no other profile has one

    def __hash__(self) -> int:
        """Sets of profiles are keys of caches: they are asked for with every dial."""
        return hash(self.id)

    def in_force(self, on: date) -> bool:
        """Both days included."""
        begun = self.effective_from is None or self.effective_from <= on
        return begun and (self.effective_to is None or on <= self.effective_to)
