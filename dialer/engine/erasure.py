"""Forgets a person who asks for it (GDPR Art. 17, PIPL Art. 47), as far as nothing has to be kept.

A suppression hash of the number is there before anything is destroyed, and stays: the number is neither dialled nor imported
again (Art. 21(3)). Every step can be taken again, so an erasure that was broken off goes on where it stopped; what must be
kept is taken up again on the day its hold ends.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from dialer.clock import Clock
from dialer.compliance.retention import Fate, Ground, later
from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.custodian import Custodian
from dialer.ports.privacy import (
    AudioOnFile,
    CallOnFile,
    ClipStore,
    ContactOnFile,
    Erasure,
    FlowCallOnFile,
    PrivacyStore,
)
from dialer.ports.recordings import RecordingStore

log = logging.getLogger(__name__)

_BATCH = 200
_UNFINISHED = ("running", "landed")  # another program is at work on them
Audit = Callable[[str, str, Mapping[str, object]], Awaitable[None]]
"""(action, subject, detail)"""


@dataclass(frozen=True, slots=True)
class Item:
    """One record, or a few of one kind that share their fate. `what` is a word of the catalogue."""

    what: str
    id: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class ClipOnFile:
    """What was said in a flow: its call, and the name of the file."""

    call: str
    name: str


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What would be destroyed and what kept on a day. `busy` calls are in progress: they wait."""

    number: PhoneNumber
    on: date
    items: tuple[Item, ...]
    audio: tuple[AudioOnFile, ...]
    contacts: tuple[ContactOnFile, ...]
    busy: int
    clips: tuple[ClipOnFile, ...] = ()

    def going(self, what: str) -> list[str]:
        return [item.id for item in self.items if item.what == what and not item.fate.kept]

    @property
    def kept(self) -> list[Item]:
        return [item for item in self.items if item.fate.kept]

    def summary(self) -> list[tuple[str, Fate, int]]:
        """(what, fate, how many), in the order of the items."""
        counted = Counter((item.what, item.fate) for item in self.items)
        return [(what, fate, count) for (what, fate), count in counted.items()]


@dataclass(frozen=True, slots=True)
class Erased:
    """`next_on` is the first day on which more may go; None with `done` False: when a hold is released.

    `stuck`: recordings of flows that could not be destroyed, each with the reason. They and their calls are tried again.
    """

    asked_at: datetime
    answer_by: date
    counts: Mapping[str, int]
    done: bool
    next_on: date | None
    stuck: tuple[str, ...] = ()


class Eraser:
    """`audio` has the recordings of conversations, `clips` what callers said in flows."""

    def __init__(
        self,
        store: PrivacyStore,
        audio: RecordingStore,
        custodian: Custodian,
        clock: Clock,
        audit: Audit,
        clips: ClipStore,
    ) -> None:
        self._clips = clips
        self._store, self._audio, self._custodian = store, audio, custodian
        self._clock, self._audit = clock, audit

    async def plan(self, number: PhoneNumber) -> ErasurePlan:
        """Changes nothing."""
        today = self._clock.now().date()
        calls = await self._store.calls_on_file(number, today)
        audio = await self._store.audio_on_file(number)
        contacts = await self._store.contacts_on_file(number)
        held = await self._store.hold_on_number(number, today)
        of_audio = {call.attempt: self._custodian.audio(call, today, erase=True) for call in calls}
        items = [Item("audio", str(each.recording), of_audio[each.attempt]) for each in audio]
        heard = {each.attempt for each in audio if of_audio[each.attempt].kept or each.state in _UNFINISHED}
        items += [
            Item(
                "call",
                str(call.attempt),
                self._of_call(call, today, of_audio if call.attempt in heard else {}),
            )
            for call in calls
            if call.ended and not call.e164.startswith("erased-")
        ]
        items += [
            Item("consent", str(each.id), self._custodian.consent(each, today, erase=True))
            for each in await self._store.consents_on_file(number, today)
        ]
        items += [
            Item(each.what, str(each.id), self._custodian.request(each, today, erase=True))
            for each in await self._store.requests_on_file(number, today)
        ]
        clips, of_flows = await self._of_flow_calls(number, today)
        items += of_flows
        own = Fate(True, Ground.LEGAL_HOLD, None, held) if held else Fate(False, Ground.ERASURE)
        items += [Item("contact", str(each.contact), own) for each in contacts]
        busy = sum(not call.ended for call in calls)
        return ErasurePlan(number, today, tuple(items), tuple(audio), tuple(contacts), busy, tuple(clips))

    async def _of_flow_calls(
        self, number: PhoneNumber, today: date
    ) -> tuple[Sequence[ClipOnFile], Sequence[Item]]:
        calls = await self._store.flow_calls_on_file(number, today)
        clips, away = await self._clips_of(calls)
        fates = {each.call: self._custodian.clip(each, today, erase=True) for each in calls}
        busy = {each.call for each in calls if not each.ended}
        items = [Item("flow_clip", each.name, fates[each.call]) for each in clips if each.call not in busy]
        kept = {each.call: fates[each.call] for each in clips if fates[each.call].kept}
        for call in calls:
            fate = self._of_flow_call(call, today, kept.get(call.call), away)
            items.append(Item("flow_call", call.call, fate))
        return [each for each in clips if each.call not in busy], items

    async def _clips_of(self, calls: Sequence[FlowCallOnFile]) -> tuple[list[ClipOnFile], str]:
        """Those that the store names and those that lie in the folder; and why it cannot be looked into, or ""."""
        there: Mapping[str, Sequence[str]] = {}
        away = ""
        if calls:
            try:
                there = await asyncio.to_thread(self._clips.of_calls, [each.call for each in calls])
            except OSError as failed:
                away = str(failed)
        names = {each.call: sorted({*each.clips, *there.get(each.call, ())}) for each in calls}
        return [ClipOnFile(call, name) for call, found in names.items() for name in found], away

    def _of_flow_call(self, call: FlowCallOnFile, today: date, with_clip: Fate | None, away: str) -> Fate:
        tomorrow = today + timedelta(days=1)
        if not call.ended:
            return Fate(True, Ground.NOT_DUE, tomorrow, "the call has not ended")
        own = self._custodian.flow_call(call, today, erase=True)
        if own.kept:
            return own
        if with_clip is not None:
            return replace(with_clip, because=f"its recording is kept: {with_clip.because}")
        return Fate(True, Ground.NOT_DUE, tomorrow, away) if away else own

    def _of_call(self, call: CallOnFile, today: date, audio: Mapping[AttemptId, Fate]) -> Fate:
        """The call of a recording that is kept stays too: without it nobody would find the recording any more."""
        own = self._custodian.call(call, today, erase=True)
        with_audio = audio.get(call.attempt)
        if own.kept or with_audio is None:
            return own
        if not with_audio.kept:
            return Fate(
                True, Ground.NOT_DUE, today + timedelta(days=1), "its recording is still being stored"
            )
        return replace(with_audio, because=f"its recording is kept: {with_audio.because}")

    async def erase(self, number: PhoneNumber, by: str) -> Erased:
        """Raises `StorageDown`, or `OSError` when audio cannot be destroyed; then it is to be done again."""
        now = self._clock.now()
        erasure = await self._store.begin_erasure(number, by, now, later(now.date(), months=1))
        await self._audit("privacy.erase", number.masked, {"answer_by": erasure.answer_by.isoformat()})
        return await self._go_on(erasure)

    async def go_on(self) -> int:
        """With those that were broken off, and those of which more may go today. How many there were."""
        opened = await self._store.open_erasures(self._clock.now().date())
        for erasure in opened:
            await self._go_on(erasure)
        return len(opened)

    async def _go_on(self, erasure: Erasure) -> Erased:
        plan = await self.plan(erasure.number)
        counts = Counter[str]()
        counts["audio"] = await self._destroy_audio(plan)
        counts["contacts"] = await self._erase_contacts(plan)
        counts["consents"] = await self._store.erase_consents([int(each) for each in plan.going("consent")])
        for what in ("do_not_call", "revocations"):
            ids = [int(each) for each in plan.going(what)]
            counts[what] = await self._store.erase_requests(what, ids)
        counts["flow_clips"], stuck = await self._destroy_clips(plan)
        counts["flow_calls"] = await self._erase_flow_calls(plan, set(stuck))
        # the calls last: by them the rest is found again
        counts["calls"] = await self._erase_calls(plan)
        return await self._close(erasure, plan, counts, [why for each in stuck.values() for why in each])

    async def _destroy_audio(self, plan: ErasurePlan) -> int:
        going = set(plan.going("audio"))
        gone: list[UUID] = []
        for each in plan.audio:
            if str(each.recording) not in going or each.state in _UNFINISHED:
                continue
            self._audio.purge(each.name)
            gone.append(each.recording)
            if len(gone) % _BATCH == 0:
                await self._store.purge_recordings(gone[-_BATCH:], "asked to be forgotten", self._clock.now())
        await self._store.purge_recordings(gone, "asked to be forgotten", self._clock.now())
        return len(gone)

    async def _erase_contacts(self, plan: ErasurePlan) -> int:
        """A contact whose call is in progress waits: the engine still needs it."""
        if plan.busy or not plan.going("contact"):
            return 0
        await self._store.erase_refusals(plan.number)
        await self._store.erase_reassigned_answers(plan.number)
        return await self._store.erase_contacts(plan.number)

    async def _destroy_clips(self, plan: ErasurePlan) -> tuple[int, Mapping[str, Sequence[str]]]:
        """How many are gone; and by call those that are not, with the reason. One that stays keeps no other from going."""
        going = set(plan.going("flow_clip"))
        gone: list[ClipOnFile] = []
        stuck: defaultdict[str, list[str]] = defaultdict(list)
        for each in plan.clips:
            if each.name not in going:
                continue
            try:
                self._clips.purge(each.name)
            except OSError as failed:
                stuck[each.call].append(f"{each.name}: {failed.strerror or failed}")
                log.error(
                    "recording not destroyed",
                    extra={"action": "privacy.clip_stuck", "clip": each.name, "why": str(failed)},
                )
            else:
                gone.append(each)
        if gone:
            await self._store.forget_clips([each.call for each in gone], [each.name for each in gone])
        return len(gone), stuck

    async def _erase_flow_calls(self, plan: ErasurePlan, without: set[str]) -> int:
        going = sorted(set(plan.going("flow_call")) - without)
        return await self._store.erase_flow_calls(plan.number, going) if going else 0

    async def _erase_calls(self, plan: ErasurePlan) -> int:
        going = [AttemptId(UUID(each)) for each in plan.going("call")]
        counts = 0
        for start in range(0, len(going), _BATCH):
            counts += await self._store.pseudonymise(plan.number, going[start : start + _BATCH])
        return counts

    async def _close(
        self, erasure: Erasure, plan: ErasurePlan, counts: Counter[str], stuck: Sequence[str]
    ) -> Erased:
        unfinished = bool(stuck) or any(each.state in _UNFINISHED for each in plan.audio)
        done = not (plan.kept or plan.busy or unfinished)
        days = [item.fate.next_on for item in plan.kept]
        next_on = None if done else min((day for day in days if day is not None), default=None)
        if plan.busy or unfinished:
            next_on = plan.on + timedelta(days=1)
        if stuck:
            counts["stuck"] = len(stuck)
        await self._store.end_erasure(erasure.id, next_on, done, dict(counts), self._clock.now())
        detail = {**counts, "done": done, "next_on": None if next_on is None else next_on.isoformat()}
        await self._audit("privacy.erased", erasure.number.masked, detail)
        log.info("erased", extra={"action": "privacy.erased", "number": erasure.number.masked, **detail})
        return Erased(erasure.asked_at, erasure.answer_by, dict(counts), done, next_on, tuple(stuck))
