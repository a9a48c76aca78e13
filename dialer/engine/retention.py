"""The purge: what is older than this installation keeps it goes, unless the law or a hold keeps it (GDPR Art. 5(1)(e)).

Audio goes before the call it belongs to. A run may be broken off anywhere: the next one finds what is left.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dialer.clock import Clock
from dialer.domain.ids import CampaignId
from dialer.engine.custodian import Custodian
from dialer.engine.flow_purge import FlowPurge
from dialer.engine.retention_report import RetentionAges, RetentionReport
from dialer.errors import FairdialError
from dialer.ports.privacy import CallOnFile, ClipStore, PrivacyStore, RetentionStore
from dialer.ports.recordings import RecordingStore

log = logging.getLogger(__name__)

_PAGE = 500


class Purge:
    """One run, or with `dry` what a run would do."""

    def __init__(
        self,
        records: RetentionStore,
        privacy: PrivacyStore,
        audio: RecordingStore,
        clips: ClipStore,
        custodian: Custodian,
        campaigns: list[CampaignId],
        ages: RetentionAges,
        now: datetime,
        *,
        dry: bool,
    ) -> None:
        self._records, self._privacy, self._audio, self._custodian = records, privacy, audio, custodian
        self._campaigns, self._ages, self._now, self._dry = campaigns, ages, now, dry
        self._today = now.date()
        self.report = RetentionReport()
        self._flows = FlowPurge(records, privacy, clips, custodian, ages, now, self.report, dry=dry)

    async def run(self) -> RetentionReport:
        """Raises `StorageDown`, `OSError`; what has gone by then is gone."""
        await self._purge_audio(self._ages.recordings)
        for campaign in self._campaigns:
            await self._purge_calls(campaign, "call_events", self._ages.call_events)
            await self._purge_calls(campaign, "attempts", self._ages.attempts)
        await self._purge_refusals(self._ages.refusals)
        await self._purge_consents(self._ages.consents)
        await self._purge_requests(self._ages.do_not_call)
        await self._flows.run()
        return self.report

    async def _purge_audio(self, age: timedelta | None) -> None:
        if age is None:
            return
        after: tuple[datetime, UUID] | None = None
        while page := await self._records.audio_by_age(self._now - age, after, _PAGE, self._today):
            going: list[UUID] = []
            for audio, call, begun_at in page:
                if self.report.count("recordings", self._custodian.audio(call, self._today, due=self._today)):
                    going.append(audio.recording)
                    if not self._dry:
                        self._audio.purge(audio.name)
                after = (begun_at, audio.recording)
            if not self._dry:
                await self._privacy.purge_recordings(going, "older than it is kept", self._now)
            await asyncio.sleep(0)

    async def _purge_calls(self, campaign: CampaignId, what: str, age: timedelta | None) -> None:
        if age is None:
            return
        after: CallOnFile | None = None
        while page := await self._records.calls_by_age(campaign, self._now - age, after, _PAGE, self._today):
            due = [
                call.attempt
                for call in page
                if self.report.count(what, self._custodian.call(call, self._today, due=self._today))
            ]
            after = page[-1]
            if self._dry:
                continue
            if what == "attempts":
                await self._records.delete_calls(due)
            else:
                self.report.purged[what] -= len(due) - await self._records.delete_timelines(due)

    async def _purge_refusals(self, age: timedelta | None) -> None:
        if age is None:
            return
        work = self._records.count_refusals if self._dry else self._records.delete_refusals
        self.report.purged["refusals"] += await work(self._now - age, self._today)

    async def _purge_consents(self, age: timedelta | None) -> None:
        if age is None:
            return
        after = 0
        while page := await self._records.consents_by_age(
            self._now - age, after, _PAGE, self._now, self._today
        ):
            due = [
                each.id
                for each in page
                if self.report.count("consents", self._custodian.consent(each, self._today, due=self._today))
            ]
            after = page[-1].id
            if not self._dry:
                await self._privacy.erase_consents(due)

    async def _purge_requests(self, age: timedelta | None) -> None:
        if age is None:
            return
        after = 0
        while page := await self._records.requests_by_age(self._now - age, after, _PAGE, self._today):
            due = [
                each.id
                for each in page
                if self.report.count(
                    "do_not_call", self._custodian.request(each, self._today, due=self._today)
                )
            ]
            after = page[-1].id
            if not self._dry:
                await self._privacy.erase_requests("do_not_call", due)


@dataclass(slots=True)
class RetentionRunner:
    """`custodian` and `campaigns` are asked for anew each time: rules and campaigns change."""

    records: RetentionStore
    privacy: PrivacyStore
    audio: RecordingStore
    clips: ClipStore
    ages: RetentionAges
    clock: Clock
    custodian: Callable[[], Awaitable[tuple[Custodian, list[CampaignId]]]]
    go_on_with_erasures: Callable[[], Awaitable[int]]

    async def run(self, by: str, *, dry: bool = False) -> RetentionReport:
        """Raises `StorageDown`, `OSError`; the run is then noted with its problem, if it can be."""
        custodian, campaigns = await self.custodian()
        now = self.clock.now()
        purge = Purge(
            self.records, self.privacy, self.audio, self.clips, custodian, campaigns, self.ages, now, dry=dry
        )
        if dry:
            return await purge.run()
        run = await self.records.begin_run(by, now)
        problem = ""
        try:
            purge.report.erasures = await self.go_on_with_erasures()
            return await purge.run()
        except OSError as failed:
            problem = str(failed)
            raise
        finally:
            report = purge.report
            problem = "; ".join(each for each in (problem, report.problem) if each)
            await self.records.end_run(
                run, dict(report.purged), report.kept_by_class(), problem, self.clock.now()
            )


class NightShift:
    """Runs the purge once a day at a local time, as long as `on_duty`; what fails is tried again after a while."""

    def __init__(
        self,
        runner: RetentionRunner,
        clock: Clock,
        next_time: Callable[[datetime], datetime],
        on_duty: Callable[[], bool],
    ) -> None:
        self._runner, self._clock, self._next_time, self._on_duty = runner, clock, next_time, on_duty

    async def run(self) -> None:
        due = self._next_time(self._clock.now())
        while True:
            # in short steps: a clock that is set, or a machine that slept, must not put it off for a day
            left = (due - self._clock.now()).total_seconds()
            if left > 0:
                await asyncio.sleep(min(left, _STEP_S))
                continue
            if self._on_duty() and not await self._purged():
                due = self._clock.now() + _AGAIN
            else:
                due = self._next_time(self._clock.now())

    async def _purged(self) -> bool:
        try:
            report = await self._runner.run("the service")
        except (FairdialError, OSError) as failed:
            log.error("purge broken off", extra={"action": "retention.failed", "why": str(failed)})
            return False
        log.info(
            "purged",
            extra={
                "action": "retention.run",
                "purged": dict(report.purged),
                "kept": report.kept_by_class(),
                "erasures": report.erasures,
                "stuck": len(report.stuck),
            },
        )
        return True


_STEP_S = 60.0
_AGAIN = timedelta(minutes=15)


def daily(
    at_hour: int, at_minute: int, local: Callable[[datetime], datetime]
) -> Callable[[datetime], datetime]:
    """The next time the clocks show that hour after a moment; `local` turns a moment into the zone's time."""

    def next_time(now: datetime) -> datetime:
        here = local(now)
        today = here.replace(hour=at_hour, minute=at_minute, second=0, microsecond=0)
        return today if today > here else today + timedelta(days=1)

    return next_time
