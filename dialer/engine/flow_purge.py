"""The purge of what flows left: first what callers said, then what they asked for, then the calls with their answers.

What has a recording goes only when that is gone: without its record nobody would find it any more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from dialer.engine.custodian import Custodian
from dialer.engine.retention_report import RetentionAges, RetentionReport
from dialer.ports.privacy import (
    ClipStore,
    FlowCallOnFile,
    FlowRequestOnFile,
    PrivacyStore,
    RetentionStore,
)

log = logging.getLogger(__name__)

_PAGE = 2000  # the folder is looked through once for each page of calls


class FlowPurge:
    """Counts in `report` under flow_clips, flow_requests and flow_calls."""

    def __init__(
        self,
        records: RetentionStore,
        privacy: PrivacyStore,
        clips: ClipStore,
        custodian: Custodian,
        ages: RetentionAges,
        now: datetime,
        report: RetentionReport,
        *,
        dry: bool,
    ) -> None:
        self._records, self._privacy, self._clips, self._custodian = records, privacy, clips, custodian
        self._ages, self._now, self._report, self._dry = ages, now, report, dry
        self._today = now.date()

    async def run(self) -> None:
        """Raises `StorageDown`. A recording that cannot be destroyed is told in the report, and stays with its records."""
        try:
            await self._purge_clips(self._ages.flow_clips)
            await self._purge_requests(self._ages.flow_requests)
            await self._purge_calls(self._ages.flow_calls)
        except OSError as away:  # the folder: what is in it cannot be known, so nothing of flows goes
            self._stuck("", away)

    # --- what was said ----------------------------------------------------------------------------------------------

    async def _purge_clips(self, age: timedelta | None) -> None:
        if age is None:
            return
        async for calls in self._calls(age):
            for call, names in (await self._names(calls)).items():
                await self._destroy(call, names)
        async for requests in self._requests(age):
            for each in requests:
                if each.clip and not each.call:
                    await self._destroy(_alone(each), [each.clip])

    async def _destroy(self, call: FlowCallOnFile, names: Sequence[str]) -> None:
        fate = self._custodian.clip(call, self._today, due=self._today)
        gone = [name for name in names if self._report.count("flow_clips", fate)]
        if self._dry or not gone:
            return
        for name in list(gone):
            try:
                self._clips.purge(name)
            except OSError as failed:
                gone.remove(name)
                self._report.purged["flow_clips"] -= 1
                self._stuck(name, failed)
        await self._privacy.forget_clips([call.call], gone)

    def _stuck(self, name: str, failed: OSError) -> None:
        why = failed.strerror if name and failed.strerror else str(failed)
        self._report.stuck.append(f"{name}: {why}" if name else why)
        log.error(
            "recording not destroyed", extra={"action": "retention.clip_stuck", "clip": name, "why": why}
        )

    async def _names(self, calls: Sequence[FlowCallOnFile]) -> Mapping[FlowCallOnFile, Sequence[str]]:
        """Of the calls that have recordings: those that the store names, and those that lie in the folder."""
        there = await asyncio.to_thread(self._clips.of_calls, [each.call for each in calls])
        names = {each: sorted({*each.clips, *there.get(each.call, ())}) for each in calls}
        return {call: found for call, found in names.items() if found}

    # --- what was asked for, and the calls --------------------------------------------------------------------------

    async def _purge_requests(self, age: timedelta | None) -> None:
        if age is None:
            return
        async for requests in self._requests(age):
            due = [
                each.id
                for each in requests
                if not each.clip
                and self._report.count(
                    "flow_requests", self._custodian.flow_request(each, self._today, due=self._today)
                )
            ]
            if due and not self._dry:
                await self._records.delete_flow_requests(due)

    async def _purge_calls(self, age: timedelta | None) -> None:
        if age is None:
            return
        async for calls in self._calls(age):
            heard = await self._names(calls)
            due = [
                each.call
                for each in calls
                if each not in heard
                and self._report.count(
                    "flow_calls", self._custodian.flow_call(each, self._today, due=self._today)
                )
            ]
            if due and not self._dry:
                await self._records.delete_flow_calls(due)

    async def _calls(self, age: timedelta) -> AsyncIterator[Sequence[FlowCallOnFile]]:
        after: FlowCallOnFile | None = None
        while page := await self._records.flow_calls_by_age(self._now - age, after, _PAGE, self._today):
            yield page
            after = page[-1]

    async def _requests(self, age: timedelta) -> AsyncIterator[Sequence[FlowRequestOnFile]]:
        after = 0
        while page := await self._records.flow_requests_by_age(self._now - age, after, _PAGE, self._today):
            yield page
            after = page[-1].id


def _alone(request: FlowRequestOnFile) -> FlowCallOnFile:
    """A voicemail that no call is known of, as the rules on recordings look at it."""
    name = f"request {request.reference}"
    return FlowCallOnFile(name, request.e164, request.at, True, False, (request.clip,), request.held)
