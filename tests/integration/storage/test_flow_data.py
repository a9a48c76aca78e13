"""What callers leave in flows: destroyed when they ask, handed over, purged by age; with real files."""

import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dialer.cli import privacy as privacy_commands
from dialer.cli.session import Session
from dialer.compliance.retention import Ground
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.retention_report import RetentionAges
from dialer.flows import FlowPorts, flow_ports
from dialer.ports.ivr import RequestKind, RequestState
from dialer.ports.privacy import Hold
from dialer.recordings.clips import LocalClips
from dialer.settings import IvrSection, RecordingsSection, Settings
from dialer.storage.postgres.store import PostgresStore
from ivr.asterisk.line import file_stem
from tests.integration.storage.rig import NOW, Rig
from tests.integration.storage.test_ivr import answer, state
from tests.integration.storage.test_privacy import DAY, Clock, House

pytestmark = pytest.mark.postgres

FRENCH = PhoneNumber("+33612345678")  # no law there keeps records of calls
AMERICAN = PhoneNumber("+12025550100")  # 12 CFR 1006.100(b): sound three years; 16 CFR 310.5: records five
OTHER = PhoneNumber("+33698765432")
CALL = "1767625200.17"
STEM = "1767625200_17"


class Locked(LocalClips):
    """A folder of which one file cannot be removed."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, file_stem)
        self.name = name

    def purge(self, name: str) -> bool:
        if name == self.name:
            raise PermissionError(13, "Permission denied", name)
        return super().purge(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "clips"
    made.mkdir()
    return made


@pytest.fixture
def house(rig: Rig, folder: Path) -> House:
    return House(rig, LocalClips(folder, file_stem))


@pytest.fixture
def ports(store: PostgresStore) -> FlowPorts:
    store.ivr_requests.clock = Clock(NOW)
    return flow_ports(store, Clock(NOW))


async def call(ports: FlowPorts, folder: Path, who: PhoneNumber = FRENCH, session: str = CALL) -> list[str]:
    """A call that ended: a free answer, a voicemail, and what the flow recorded into a variable after a take too short."""
    stem = file_stem(session)
    names = [f"{stem}-{turn}.wav" for turn in (3, 5, 7, 9)]
    for name in names:
        (folder / name).write_bytes(b"RIFF " + name.encode())
    said = answer("remarks", names[0], clip=names[0])
    made = {"caller": who.e164, "variables": {"story": names[3]}}
    await ports.sessions.save_step(
        session, state(session, answers={"q1": 1, "remarks": 1}, **made), 0, [answer("q1"), said]
    )
    await ports.sessions.save(session, state(session, ended="completed", wait="", **made), 1)
    await ports.voicemails.leave(session, "sales", names[1], 4, who.e164)
    await ports.callbacks.request(session, who.e164, None, "service", "my broken leg")
    await ports.messages.send(session, who.e164, "Dear Kim")
    return names


async def everything(store: PostgresStore) -> str:
    rows = [
        row[0]
        for table in ("ivr_sessions", "ivr_answers", "ivr_requests")
        for row in await store.pool.fetch(f"select to_jsonb(t)::text from {table} t")  # noqa: S608
    ]
    return " ".join(rows)


def unmount(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def mount(folder: Path) -> None:
    folder.with_name("away").rename(folder)


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


async def test_who_asks_to_be_forgotten_is_heard_nowhere(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    await call(ports, folder)
    others = set(await call(ports, folder, OTHER, "1767625200.18"))
    alone = await ports.voicemails.leave("", "sales", "lost-1.wav", 4, FRENCH.e164)
    (folder / "lost-1.wav").write_bytes(b"RIFF")
    (folder / f"{STEM}-1-caller.wav").write_bytes(b"a side of a conversation")
    plan = await (await house.eraser()).plan(FRENCH)
    assert len(plan.going("flow_clip")) == 5
    assert set(plan.going("flow_call")) == {CALL, f"request {alone.reference}"}
    done = await (await house.eraser()).erase(FRENCH, "test")
    assert (done.done, done.stuck, done.counts["flow_clips"]) == (True, (), 5)
    assert left(folder) == others | {f"{STEM}-1-caller.wav"}
    written = await everything(house.store)
    for trace in (FRENCH.e164, STEM, "lost-1"):
        assert trace not in written
    assert OTHER.e164 in written
    waiting = await house.store.ivr_requests.requests(None, RequestState.OPEN, 50)
    assert {each.number for each in waiting} == {OTHER.e164}


async def test_sound_goes_though_the_law_keeps_the_record_of_the_call(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    names = await call(ports, folder, AMERICAN)
    done = await (await house.eraser()).erase(AMERICAN, "test")
    assert (done.done, done.next_on, left(folder)) == (False, date(2029, 1, 7), set(names))
    house.clock.at = NOW + 4 * 366 * DAY
    assert await (await house.eraser()).go_on() == 1
    assert left(folder) == set()
    session = await ports.sessions.session(CALL)
    assert (session.caller, [each.clip for each in session.answers]) == (AMERICAN.e164, ["", ""])
    rows = await house.store.pool.fetch("select to_jsonb(t)::text from ivr_requests t")
    assert names[1] not in " ".join(row[0] for row in rows)


async def test_a_recording_that_cannot_be_destroyed_is_told_and_tried_again(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    names = await call(ports, folder)
    sound = replace(house, clips=Locked(folder, names[3]))
    done = await (await sound.eraser()).erase(FRENCH, "test")
    assert (done.done, done.next_on) == (False, (NOW + 2 * DAY).date())
    assert done.stuck == (f"{names[3]}: Permission denied",)
    assert left(folder) == {names[3]}  # the others went all the same
    assert (await ports.sessions.session(CALL)).caller == FRENCH.e164  # by this it is found again
    assert [detail["stuck"] for action, detail in house.audited if action == "privacy.erased"] == [1]
    assert await (await house.eraser()).go_on() == 0  # not before tomorrow
    house.clock.at += DAY
    assert await (await house.eraser()).go_on() == 1
    assert left(folder) == set()
    assert FRENCH.e164 not in await everything(house.store)
    assert await (await house.eraser()).go_on() == 0


async def test_while_the_folder_is_away_nothing_counts_as_destroyed(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    names = await call(ports, folder)
    unmount(folder)
    plan = await (await house.eraser()).plan(FRENCH)
    (item,) = [each for each in plan.items if each.what == "flow_call"]
    assert (item.fate.ground, str(folder) in item.fate.because) == (Ground.NOT_DUE, True)
    done = await (await house.eraser()).erase(FRENCH, "test")
    assert (done.done, len(done.stuck)) == (False, 2)  # those that the store names
    mount(folder)
    assert left(folder) == set(names)
    house.clock.at += DAY
    assert await (await house.eraser()).go_on() == 1
    assert left(folder) == set()


async def test_a_call_that_nobody_ended_is_not_kept_for_ever(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    await ports.sessions.save(CALL, state(CALL, caller=FRENCH.e164), 0)
    house.clock.at = NOW + timedelta(minutes=1)
    assert not (await (await house.eraser()).erase(FRENCH, "test")).done
    house.clock.at = NOW + 3 * DAY  # the service died: no call lasts a day
    assert await (await house.eraser()).go_on() == 1
    assert FRENCH.e164 not in await everything(house.store)


async def test_the_personal_file_has_what_was_said(
    house: House, ports: FlowPorts, folder: Path, tmp_path: Path
) -> None:
    names = await call(ports, folder)
    (folder / names[0]).unlink()
    settings = Settings(
        ivr=IvrSection(clips=folder), recordings=RecordingsSection(folder=tmp_path, landing=tmp_path)
    )
    session = Session(settings, house.store, Clock())
    made = await privacy_commands._export(session, FRENCH.e164, tmp_path / "file.zip")
    assert (made.recordings, made.missing) == (3, (f"flows/{names[0]}",))
    with zipfile.ZipFile(made.path) as archive:
        sounds = {each for each in archive.namelist() if each.startswith("audio/")}
        assert sounds == {f"audio/flows/{name}" for name in names[1:]}
        assert archive.read(f"audio/flows/{names[3]}") == (folder / names[3]).read_bytes()
        assert len(json.loads(archive.read("data/flow_requests.json"))) == 3


AGES = RetentionAges(flow_clips=30 * DAY, flow_requests=60 * DAY, flow_calls=90 * DAY)


async def test_what_flows_left_goes_by_age_sound_first(house: House, ports: FlowPorts, folder: Path) -> None:
    names = await call(ports, folder)
    house.clock.at = NOW + 31 * DAY
    for dry, files in ((True, set(names)), (False, set())):
        report = await house.purge(AGES, dry=dry)
        assert (dict(report.purged), report.kept) == ({"flow_clips": 4}, {})
        assert left(folder) == files
    assert [each.clip for each in (await ports.sessions.session(CALL)).answers] == ["", ""]
    house.clock.at = NOW + 61 * DAY
    assert dict((await house.purge(AGES)).purged) == {"flow_requests": 3}
    house.clock.at = NOW + 91 * DAY
    assert dict((await house.purge(AGES)).purged) == {"flow_calls": 1}
    assert await everything(house.store) == ""
    assert [run.purged.get("flow_calls") for run in await house.store.retention.runs(1)] == [1]


async def test_holds_the_law_and_work_to_do_keep_what_flows_left(
    house: House, ports: FlowPorts, folder: Path
) -> None:
    await call(ports, folder)
    held = set(await call(ports, folder, OTHER, "1767625200.18"))
    await house.store.privacy.add_hold(Hold("case 7", number=OTHER), "test", NOW)
    by_law = set(await call(ports, folder, AMERICAN, "1767625200.19"))
    later = NOW + 400 * DAY
    await ports.callbacks.request("", FRENCH.e164, later, None, "call me next year")
    house.clock.at = NOW + 100 * DAY
    report = await house.purge(AGES)
    assert left(folder) == held | by_law
    assert report.kept["flow_clips", "case 7"] == 4
    assert dict(report.purged) == {"flow_clips": 4, "flow_requests": 3, "flow_calls": 1}
    kept = {what: because for what, because in report.kept if because != "case 7"}
    assert {what: because.split(" (")[0] for what, because in kept.items()} == {
        "flow_clips": "12 CFR 1006.100(b)",
        "flow_requests": "16 CFR 310.5, 89 FR 26760",
    }
    open_still = await house.store.ivr_requests.requests(RequestKind.CALLBACK, None, 50)
    (due,) = [each for each in open_still if each.number == FRENCH.e164]
    assert due.due_at == later


async def test_the_purge_tells_of_sound_that_stays(house: House, ports: FlowPorts, folder: Path) -> None:
    names = await call(ports, folder)
    house.clock.at = NOW + 100 * DAY
    report = await replace(house, clips=Locked(folder, names[1])).purge(AGES)
    assert report.stuck == [f"{names[1]}: Permission denied"]
    assert (left(folder), report.purged["flow_clips"]) == ({names[1]}, 3)
    assert (report.purged["flow_requests"], report.purged["flow_calls"]) == (
        2,
        0,
    )  # the voicemail and its call stay
    (run,) = await house.store.retention.runs(1)
    assert names[1] in run.problem
    unmount(folder)
    report = await house.purge(AGES)
    assert (len(report.stuck), dict(report.purged)) == (1, {})
    mount(folder)
    report = await house.purge(AGES)
    assert (report.stuck, left(folder)) == ([], set())
    assert dict(report.purged) == {"flow_clips": 1, "flow_requests": 1, "flow_calls": 1}
