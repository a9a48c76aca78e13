"""How long each class of records is kept here, and what a run of the purge did with it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from dialer.compliance.retention import Fate


@dataclass(frozen=True, slots=True)
class RetentionAges:
    """After which age records of each class go; None: never. Timelines may go before their calls."""

    recordings: timedelta | None = None
    attempts: timedelta | None = None
    call_events: timedelta | None = None
    refusals: timedelta | None = None
    consents: timedelta | None = None
    do_not_call: timedelta | None = None
    flow_clips: timedelta | None = None
    flow_requests: timedelta | None = None
    flow_calls: timedelta | None = None


@dataclass(slots=True)
class RetentionReport:
    """Records by class that went, or would go. `kept`: due by age, but held; by class and ground.

    `stuck`: recordings of flows that could not be destroyed, each with the reason; the next run tries again.
    """

    purged: Counter[str] = field(default_factory=Counter)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    erasures: int = 0
    stuck: list[str] = field(default_factory=list)

    def count(self, what: str, fate: Fate) -> bool:
        """Whether it goes."""
        if fate.kept:
            self.kept[what, fate.because] += 1
        else:
            self.purged[what] += 1
        return not fate.kept

    def kept_by_class(self) -> dict[str, int]:
        totals = Counter[str]()
        for (what, _), count in self.kept.items():
            totals[what] += count
        return dict(totals)

    @property
    def problem(self) -> str:
        """What whoever looks after the machine has to mend; "" when nothing is."""
        if not self.stuck:
            return ""
        more = f" and {len(self.stuck) - 3} more" if len(self.stuck) > 3 else ""
        return f"recordings of flows could not be destroyed: {'; '.join(self.stuck[:3])}{more}"
