"""To be forgotten, handed over, held, and purged: what goes, what stays, and until when."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.retention import Ground
from dialer.domain.campaign import Campaign
from dialer.domain.consent import Consent, GivenKind, Revocation, RevokedBy
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, CampaignId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.custodian import Custodian
from dialer.engine.erasure import Eraser
from dialer.engine.personal_file import write_personal_file
from dialer.engine.retention import RetentionRunner
from dialer.engine.retention_report import RetentionAges, RetentionReport
from dialer.errors import StorageDown
from dialer.ports.dialling import FactsWanted, RefusedClaim
from dialer.ports.privacy import Hold
from dialer.ports.recordings import RecordingMissing
from dialer.ports.storage import DoNotCallEntry, RecordingMarks, StoredRecording
from dialer.recordings.clips import LocalClips
from dialer.rulebook.load import load_rules
from dialer.settings import RetentionSection
from dialer.storage.postgres import retention
from dialer.storage.postgres.consent import note_use
from dialer.storage.postgres.store import PostgresStore
from ivr.asterisk.line import file_stem
from tests.integration.storage.rig import NOW, Rig, ended, number, person

pytestmark = pytest.mark.postgres

DAY = timedelta(days=1)
YEARS = timedelta(days=366)
BOOK = load_rules().book
GERMAN = PhoneNumber("+4915112345678")


@dataclass
class Tape:
    """The audio: names of the recordings that are there."""

    there: set[str] = field(default_factory=set)

    async def finish(
        self, name: str, talk: timedelta | None, marks: RecordingMarks
    ) -> tuple[StoredRecording, str]:
        raise RecordingMissing(name)

    def path(self, name: str) -> Path | None:
        return None

    def problem(self) -> str | None:
        return None

    def discard(self, name: str) -> None:
        raise AssertionError("what lands belongs to the service")

    def purge(self, name: str) -> bool:
        was = name in self.there
        self.there.discard(name)
        return was


class Clock:
    def __init__(self, at: datetime = NOW + DAY) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class House:
    rig: Rig
    clips: LocalClips
    tape: Tape = field(default_factory=Tape)
    clock: Clock = field(default_factory=Clock)
    audited: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    @property
    def store(self) -> PostgresStore:
        return self.rig.store

    async def custodian(self) -> tuple[Custodian, list[CampaignId]]:
        campaigns: dict[CampaignId, Campaign] = {
            each.id: each for each in await self.store.campaigns.campaigns()
        }
        return Custodian(BOOK, campaigns), list(campaigns)

    async def eraser(self, privacy: Any = None) -> Eraser:
        async def audit(action: str, _subject: str, detail: Mapping[str, object]) -> None:
            self.audited.append((action, detail))

        custodian, _ = await self.custodian()
        return Eraser(privacy or self.store.privacy, self.tape, custodian, self.clock, audit, self.clips)

    async def runner(self, ages: RetentionAges) -> RetentionRunner:
        eraser = await self.eraser()
        return RetentionRunner(
            self.store.retention,
            self.store.privacy,
            self.tape,
            self.clips,
            ages,
            self.clock,
            self.custodian,
            eraser.go_on,
        )

    async def purge(self, ages: RetentionAges, *, dry: bool = False) -> RetentionReport:
        return await (await self.runner(ages)).run("test", dry=dry)

    async def call(self, nth: int, *profiles: str, at: datetime = NOW) -> AttemptId:
        """A call that ended, with a recording; decided by these profiles, or by nobody knows which."""
        await self.rig.add(person(nth, name=f"Person {nth}", attributes={"street": "Elm"}))
        dialled = await self.rig.dial()
        await self.store.attempts.settle([ended(dialled, Disposition.BUSY, ended_at=at)], [])
        await self.recorded(dialled.attempt, at)
        pool = self.store.pool
        await pool.execute(
            "update attempts set claimed_at = $2, note = 'has a dog' where id = $1", dialled.attempt, at
        )
        if profiles:
            grounds = uuid4()
            await pool.execute(
                "insert into dial_grounds (id, profiles, rulebook, registries, purposes, voice, subject, seller, detector)"
                " values ($1, $2, 'x', '{}', '{sales}', 'live', '', '', false)",
                grounds,
                list(profiles),
            )
            await pool.execute("update attempts set grounds_id = $2 where id = $1", dialled.attempt, grounds)
        return dialled.attempt

    async def recorded(self, attempt: AttemptId, at: datetime) -> None:
        name = f"{attempt}-1.wav"
        index = self.store.recordings
        await index.begin_recording(attempt, 1, name, at)
        await index.land_recording(attempt, 1, DAY)
        (recording,) = await index.recordings(None, attempt, 1)
        await index.store_recording(recording.id, StoredRecording(DAY, 1, "0" * 64, -20.0, -20.0), "", at)
        self.tape.there.add(name)

    async def numbers_left(self) -> set[str]:
        """Every table that holds numbers, and the numbers in it."""
        found: set[str] = set()
        for table in (
            "attempts",
            "contact_numbers",
            "consents",
            "revocations",
            "do_not_call",
            "refusals",
            "erasures",
        ):
            rows = await self.store.pool.fetch(f"select e164 from {table} where e164 is not null")  # noqa: S608
            found |= {f"{table} {row['e164']}" for row in rows if row["e164"].startswith("+")}
        return found


@pytest.fixture
def house(rig: Rig, tmp_path: Path) -> House:
    return House(rig, LocalClips(tmp_path, file_stem))


async def fill(house: House) -> AttemptId:
    attempt = await house.call(1, "us_ftc_tsr")
    consent = Consent(number(1), GivenKind.EXPRESS, NOW - DAY, "form")
    await house.store.consent.add_consents([consent], "test", NOW)
    await house.store.consent.record_revocations([Revocation(number(1), NOW, RevokedBy.API)], "test", NOW)
    await house.store.do_not_call.add_do_not_call([DoNotCallEntry(number(1), None, "test", "", NOW)])
    return attempt


async def test_a_plan_says_what_goes_and_what_stays_and_changes_nothing(house: House) -> None:
    await fill(house)
    before = await house.numbers_left()
    plan = await (await house.eraser()).plan(number(1))
    verdicts = {item.what: (item.fate.kept, item.fate.ground, item.fate.next_on) for item in plan.items}
    assert verdicts == {
        "audio": (False, Ground.ERASURE, None),
        "call": (True, Ground.STATUTORY_MINIMUM, date(2031, 1, 7)),
        "consent": (True, Ground.STATUTORY_MINIMUM, date(2031, 1, 6)),
        "do_not_call": (True, Ground.STATUTORY_MINIMUM, None),
        "revocations": (True, Ground.STATUTORY_MINIMUM, None),
        "contact": (False, Ground.ERASURE, None),
    }
    (call,) = [item for item in plan.items if item.what == "call"]
    assert "16 CFR 310.5" in call.fate.because
    assert await house.numbers_left() == before
    assert house.tape.there


async def test_what_need_not_be_kept_is_gone_and_the_number_is_neither_dialled_nor_imported(
    house: House,
) -> None:
    attempt = await house.call(1, "cn_consumer_2024")  # which asks nothing to be kept
    done = await (await house.eraser()).erase(number(1), "test")
    assert (done.done, done.answer_by) == (True, date(2026, 2, 6))
    assert await house.numbers_left() == set()
    assert house.tape.there == set()
    row = await house.store.pool.fetchrow("select e164, note from attempts where id = $1", attempt)
    assert row is not None
    assert row["e164"].startswith("erased-")
    assert row["note"] == ""
    contact = await house.store.pool.fetchrow("select name, attributes, state from contacts")
    assert contact is not None
    assert tuple(contact) == ("", {}, "blocked")
    (recording,) = await house.store.recordings.recordings(None, attempt, 1)
    assert recording.state == "purged"
    assert [action for action, _ in house.audited] == ["privacy.erase", "privacy.erased"]

    (refused,) = await house.rig.add(person(1))
    assert "asked to be forgotten" in refused.because
    assert not await house.rig.add(person(2))


async def test_a_number_that_asked_to_be_forgotten_and_is_in_another_list_is_not_dialled(
    house: House,
) -> None:
    await house.rig.add(person(1))
    await house.store.privacy.begin_erasure(number(1), "test", NOW, date(2026, 2, 5))
    claimed = await house.rig.claim_one()
    wanted = FactsWanted("+12025550100", NOW - DAY, NOW)
    (facts,) = await house.store.attempts.facts([claimed], wanted)
    assert facts.lists.internal_dnc is not None


async def test_the_rest_goes_when_the_law_lets_it_go(house: House) -> None:
    attempt = await house.call(1, "us_ftc_tsr")
    done = await (await house.eraser()).erase(number(1), "test")
    assert (done.done, done.next_on) == (False, date(2031, 1, 7))
    assert {"attempts +12025000001", "erasures +12025000001"} == await house.numbers_left()
    house.clock.at = datetime(2031, 1, 6, 12, tzinfo=UTC)
    assert await (await house.eraser()).go_on() == 0
    house.clock.at = datetime(2031, 1, 7, 12, tzinfo=UTC)
    assert await (await house.eraser()).go_on() == 1
    assert await house.numbers_left() == set()
    assert await (await house.eraser()).go_on() == 0
    (view,) = await house.store.history.attempts(None, None, 10)
    assert view.id == attempt


async def test_a_legal_hold_keeps_everything_until_it_is_released(house: House) -> None:
    attempt = await house.call(1, "cn_consumer_2024")
    hold = await house.store.privacy.add_hold(Hold("case 7", number=number(1)), "test", NOW)
    done = await (await house.eraser()).erase(number(1), "test")
    assert (done.done, done.next_on) == (False, None)
    assert house.tape.there
    assert await house.store.privacy.release_hold(hold, "test", NOW)
    assert not await house.store.privacy.release_hold(hold, "test", NOW)
    assert await (await house.eraser()).go_on() == 1
    assert await house.numbers_left() == set()
    assert house.tape.there == set()
    assert (await house.store.history.attempt(attempt)).note == ""


@pytest.mark.parametrize("of", ["attempt", "campaign"])
async def test_a_hold_on_a_call_or_a_campaign_outlives_erasure_and_purge(house: House, of: str) -> None:
    attempt = await house.call(1, "cn_consumer_2024")
    target: dict[str, Any] = {"attempt": attempt, "campaign": house.rig.campaign}
    await house.store.privacy.add_hold(Hold("case 7", **{of: target[of]}), "test", NOW)
    await (await house.eraser()).erase(number(1), "test")
    house.clock.at = NOW + 20 * YEARS
    report = await house.purge(RetentionAges(recordings=DAY, attempts=DAY))
    assert report.kept["recordings", "case 7"] == 1
    assert house.tape.there == {f"{attempt}-1.wav"}


async def test_a_german_consent_is_kept_five_years_from_its_last_use(house: House) -> None:
    await house.store.consent.add_consents(
        [Consent(GERMAN, GivenKind.EXPRESS, NOW - 3 * YEARS, "form")], "test", NOW
    )
    (kept,) = await house.store.consent.consents(GERMAN)
    assert kept.id is not None
    async with house.store.pool.acquire() as connection:
        await note_use(connection, [kept.id], NOW)
    done = await (await house.eraser()).erase(GERMAN, "test")
    assert (done.done, done.next_on) == (False, date(2031, 1, 7))


class Dying:
    """A store, or the power supply, that gives up before the nth thing it is asked for; or after it."""

    def __init__(self, real: Any, after: int, *, late: bool) -> None:
        self._real, self._left, self._late = real, after, late

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        async def ask(*args: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._late:
                raise StorageDown("gone")
            answer = await real(*args, **more)
            if self._left == 0:
                raise StorageDown("gone")
            return answer

        return ask


@pytest.mark.parametrize("late", [False, True])
async def test_an_erasure_that_dies_anywhere_goes_on_where_it_stopped(house: House, late: bool) -> None:
    for step in range(1, 40):
        nth = step + (100 if late else 0)
        await house.call(nth, "cn_consumer_2024")
        dying = await house.eraser(Dying(house.store.privacy, step, late=late))
        try:
            await dying.erase(number(nth), "test")
        except StorageDown:
            begun = await house.store.pool.fetchval("select count(*) from erasures where state = 'running'")
            assert await (await house.eraser()).go_on() == begun
            if not begun:  # it died before it had begun: whoever asked is told so
                await (await house.eraser()).erase(number(nth), "test")
        else:
            break
        left = await house.numbers_left()
        assert not any(number(nth).e164 in each for each in left), (step, left)
        assert f"{number(nth).e164}" not in str(house.tape.there)
    else:
        raise AssertionError("it asks for more than that")
    assert step > 10


async def test_the_purge_takes_what_is_old_and_leaves_what_the_law_keeps(house: House) -> None:
    old, kept = await house.call(1, "cn_consumer_2024"), await house.call(2, "us_regf")
    young = await house.call(3, "cn_consumer_2024", at=NOW + YEARS)
    house.clock.at = NOW + YEARS + 10 * DAY
    ages = RetentionAges(recordings=30 * DAY, attempts=60 * DAY)
    dry = await house.purge(ages, dry=True)
    assert len(house.tape.there) == 3
    assert (dry.purged["recordings"], dry.kept_by_class()["recordings"]) == (1, 1)
    report = await house.purge(ages)
    assert house.tape.there == {f"{kept}-1.wav", f"{young}-1.wav"}
    assert dict(report.purged) == {"recordings": 1, "attempts": 1}
    assert report.kept_by_class() == {"recordings": 1}
    left = {UUID(str(view.id)) for view in await house.store.history.attempts(None, None, 10)}
    assert left == {kept, young}
    assert old not in left
    (run,) = await house.store.retention.runs(5)
    assert (run.purged["recordings"], run.kept, run.problem) == (1, {"recordings": 1}, "")
    house.clock.at = NOW + 3 * YEARS + 2 * DAY  # 12 CFR 1006.100(b): three years after the call
    await house.purge(ages)
    assert house.tape.there == set()
    assert not await house.store.history.attempts(None, None, 10)


async def test_refusals_go_when_they_are_old_but_for_those_that_a_hold_is_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    nobody = Refusal(RefusalReason.OUTSIDE_HOURS, None, "it is night")
    for nth in range(1, 8):
        await house.rig.add(person(nth))
        claimed = await house.rig.claim_one()
        young = NOW + 10 * DAY if nth == 7 else NOW
        refused = RefusedClaim(claimed.attempt, nobody, ContactState.EXHAUSTED, None, "night")
        await house.store.attempts.refuse([refused], young)
    await house.store.privacy.add_hold(Hold("case 7", number=number(1)), "test", NOW)
    house.clock.at = NOW + 15 * DAY
    for dry, left in ((True, 7), (False, 2)):
        report = await house.purge(RetentionAges(refusals=10 * DAY), dry=dry)
        assert report.purged["refusals"] == 5
        assert await house.rig.all("select count(*) from refusals") == [(left,)]
    assert RetentionSection().refusals_days == 365


async def test_only_consents_that_ended_and_entries_that_expired_are_purged(house: House) -> None:
    store = house.store
    place = PhoneNumber("+33612345678")
    given = [
        Consent(place, GivenKind.EXPRESS, NOW - 9 * DAY, "ended", expires_at=NOW - 8 * DAY),
        Consent(place, GivenKind.EXPRESS, NOW - 10 * DAY, "goes on"),
    ]
    await store.consent.add_consents(given, "test", NOW)
    entries = [
        DoNotCallEntry(place, None, "expired", "", NOW - 9 * DAY, NOW - 8 * DAY),
        DoNotCallEntry(GERMAN, None, "for ever", "", NOW - 9 * DAY),
    ]
    await store.do_not_call.add_do_not_call(entries)
    report = await house.purge(RetentionAges(consents=DAY, do_not_call=DAY))
    assert (report.purged["consents"], report.purged["do_not_call"]) == (1, 1)
    assert [each.source for each in await store.consent.consents(place)] == ["goes on"]
    assert await store.do_not_call.do_not_call(GERMAN)
    assert not await store.do_not_call.do_not_call(place)


async def test_a_file_with_everything_that_is_held(house: House, tmp_path: Path) -> None:
    attempt = await fill(house)
    documents = await house.store.privacy.file_on_number(number(1))
    assert {kind: len(rows) for kind, rows in documents.items()} == {
        "contacts": 1,
        "numbers": 1,
        "calls": 1,
        "recordings": 1,
        "consents": 1,
        "revocations": 1,
        "do_not_call": 1,
    }
    sound = tmp_path / "sound.wav"
    sound.write_bytes(b"RIFF")
    made = write_personal_file(
        tmp_path / "file.zip",
        number(1).e164,
        documents,
        [(f"{attempt}-1.wav", sound), ("gone.wav", None)],
        NOW,
    )
    assert (made.recordings, made.missing) == (1, ("gone.wav",))
    assert made.path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert {each["name"] for each in manifest["files"]} | {"manifest.json"} == set(archive.namelist())
        (call,) = json.loads(archive.read("data/calls.json"))
        assert (call["note"], call["rules"]["profiles"]) == ("has a dog", ["us_ftc_tsr"])
        assert archive.read(f"audio/{attempt}-1.wav") == b"RIFF"
    with pytest.raises(FileExistsError):
        write_personal_file(made.path, number(1).e164, {}, [], NOW)
