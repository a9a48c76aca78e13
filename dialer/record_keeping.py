"""Records destroyed, and records handed over, with every store and rule they concern."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.compliance.rulebook import Rulebook
from dialer.domain.ids import CampaignId
from dialer.engine.custodian import Custodian
from dialer.engine.erasure import Eraser
from dialer.engine.retention import NightShift, RetentionRunner, daily
from dialer.engine.retention_report import RetentionAges
from dialer.recordings.clips import LocalClips
from dialer.recordings.local import LocalRecordings
from dialer.settings import Settings
from dialer.web.deps import Store
from ivr.asterisk.line import file_stem


@dataclass(frozen=True, slots=True)
class RecordKeeping:
    """What destroys records and what hands them over; `audit` is written in the name of whoever asks."""

    settings: Settings
    store: Store
    audio: LocalRecordings
    clock: Clock
    actor: str
    rules: Rulebook

    @property
    def clips(self) -> LocalClips:
        """What callers said in flows."""
        return LocalClips(self.settings.ivr.clips, file_stem)

    async def custodian(self) -> tuple[Custodian, list[CampaignId]]:
        campaigns = {campaign.id: campaign for campaign in await self.store.campaigns.campaigns()}
        return Custodian(self.rules, campaigns), list(campaigns)

    async def eraser(self) -> Eraser:
        custodian, _ = await self.custodian()
        return Eraser(self.store.privacy, self.audio, custodian, self.clock, self._audit, self.clips)

    def purge(self) -> RetentionRunner:
        days = self.settings.retention.model_dump(exclude={"at"})
        ages = {
            name.removesuffix("_days"): timedelta(days=value) if value else None
            for name, value in days.items()
        }
        return RetentionRunner(
            self.store.retention,
            self.store.privacy,
            self.audio,
            self.clips,
            RetentionAges(**ages),
            self.clock,
            self.custodian,
            self._go_on_with_erasures,
        )

    async def _go_on_with_erasures(self) -> int:
        return await (await self.eraser()).go_on()

    async def _audit(self, action: str, subject: str, detail: Mapping[str, object]) -> None:
        await self.store.users.audit(self.actor, action, subject, detail, self.clock.now())


def night_shift(keeping: RecordKeeping, on_duty: Callable[[], bool]) -> NightShift:
    """`on_duty`: whether this service is the one that works."""
    settings = keeping.settings
    hour, minute = (int(part) for part in settings.retention.at.split(":"))
    zone = ZoneInfo(settings.time_zone)
    next_time = daily(hour, minute, lambda at: at.astimezone(zone))
    return NightShift(keeping.purge(), keeping.clock, next_time, on_duty)
