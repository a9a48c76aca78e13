"""The lab itself: what it says it starts, runs; what it says a number does, happens; and nothing is left behind."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dialer.lab.centre import CallCentre
from dialer.lab.ears.material import material
from dialer.lab.ears.other_zones import of_indications
from dialer.lab.environment import as_environment
from dialer.lab.processes import wait_until
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import ABROAD, Behaviour, behaviour_of, number
from dialer.settings import load
from dialer.telephony.asterisk.render import check
from tests.support.pids import alive

pytestmark = pytest.mark.asterisk

# cause, whether it was answered, and the shortest and longest time from call to end
EXPECTED = {
    Behaviour.ANSWERS: (16, True, 3, 9),
    Behaviour.ANSWERS_LATE: (16, True, 10, 18),
    Behaviour.BUSY: (17, False, 0, 1),
    Behaviour.REJECTS: (21, False, 0, 1),
    Behaviour.NOT_IN_SERVICE: (1, False, 1.9, 3),
    Behaviour.CONGESTED: (34, False, 0, 1),
    Behaviour.MACHINE: (16, True, 13, 18),
    Behaviour.SILENT: (16, True, 15, 18),
    Behaviour.EARLY_MEDIA: (16, True, 4, 9),
    Behaviour.TONE: (16, True, 4.9, 6),
    Behaviour.GIVEN_UP_BY_NETWORK: (19, False, 3.9, 5),
    Behaviour.GREETS: (16, True, 5, 13),
    Behaviour.GREETS_LATE: (16, True, 12, 22),
    Behaviour.FAX: (16, True, 10.9, 13),
    Behaviour.MUSIC: (16, True, 14, 21),
    Behaviour.HESITATES: (16, True, 9, 16),
    Behaviour.HOME_RINGBACK: (16, True, 13, 21),
    Behaviour.SOUNDLESS: (16, True, 12, 19),
}
LINE = 7


@pytest.fixture(scope="module")
def records(centre: CallCentre) -> dict[Behaviour, CallRecord]:
    """One call to each kind of number, all at once, as the carrier saw them."""
    for behaviour in EXPECTED:
        # the caller stays on the line until the called person hangs up
        centre.pbx.cli(
            f"channel originate PJSIP/{number(behaviour, _line(behaviour))}@trunk-carrier application Wait 60"
        )

    def seen() -> dict[Behaviour, CallRecord]:
        ours = {number(behaviour, _line(behaviour)) for behaviour in EXPECTED}
        return {behaviour_of(each.number): each for each in centre.call_records() if each.number in ours}

    wait_until(lambda: len(seen()) == len(EXPECTED), timeout=25, every=0.2)
    return seen()


def _line(behaviour: Behaviour) -> int:
    """Lines of our own, so that other tests' calls are not taken for ours."""
    return LINE if len(behaviour.value.rpartition("-")[2]) == 4 else LINE * 100


@pytest.mark.parametrize("behaviour", EXPECTED)
def test_each_number_behaves_as_its_digits_say(
    records: dict[Behaviour, CallRecord], behaviour: Behaviour
) -> None:
    cause, answered, shortest, longest = EXPECTED[behaviour]
    record = records[behaviour]
    assert record.cause == cause
    assert (record.answered is not None) is answered
    assert shortest <= (record.ended - record.started).total_seconds() <= longest
    assert record.sip_call_id


GREETS = [each for each in EXPECTED if each.value.startswith("557-") and each is not Behaviour.FAX]


@pytest.mark.parametrize("behaviour", GREETS)
def test_the_carrier_records_when_a_person_began_to_be_heard(
    records: dict[Behaviour, CallRecord], behaviour: Behaviour
) -> None:
    record = records[behaviour]
    assert record.answered is not None
    assert record.spoke is not None
    hesitated_s = 4 if behaviour is Behaviour.HESITATES else 0
    assert 0 <= (record.spoke - record.answered).total_seconds() - hesitated_s <= 0.7


def test_the_networks_tones_are_as_asterisk_has_them(centre: CallCentre) -> None:
    theirs = {(tone.country, tone.kind): tone.text for tone in of_indications(material().indications)}
    ours = {
        (tone.country, tone.kind): tone.text
        for tone in of_indications(centre.carrier.etc / "indications.conf")
    }
    zones = {country for country, _ in ours}
    assert zones == {"US", *ABROAD.values()}
    assert {key: text for key, text in theirs.items() if key[0] in zones} == ours


def test_ringing_out_lasts_until_the_caller_gives_up(centre: CallCentre) -> None:
    called = number(Behaviour.RINGS_OUT, 701)
    centre.pbx.cli(f"channel originate PJSIP/{called}@trunk-carrier application Wait 60")
    ringing = [line for line in _channels(centre) if "!Ringing!" in line]
    for line in ringing:
        centre.pbx.cli(f"channel request hangup {line.split('!')[0]}")
    assert wait_until(lambda: any(each.number == called for each in centre.call_records()), 5)
    record = next(each for each in centre.call_records() if each.number == called)
    assert record.answered is None


def _channels(centre: CallCentre) -> list[str]:
    def ringing() -> bool:
        return "!Ringing!" in centre.pbx.cli("core show channels concise")

    wait_until(ringing, 5)
    return centre.pbx.cli("core show channels concise").splitlines()


def test_all_phones_are_registered(centre: CallCentre) -> None:
    assert centre.registered() == {
        "agent-101",
        "agent-102",
        "agent-103",
        "agent-104",
        "tone-101",
        "tone-102",
        "quiet-101",
    }


def test_asterisk_starts_without_a_complaint(centre: CallCentre) -> None:
    assert centre.boot_complaints == {"pbx": [], "carrier": [], "phones": []}


def test_an_asterisk_that_died_comes_back_and_so_do_its_phones(centre: CallCentre) -> None:
    centre.pbx.kill()
    assert not centre.pbx.running
    centre.pbx.start()
    centre.pbx.wait_booted()
    centre.wait_reachable()


@pytest.mark.parametrize(
    "needed",
    [
        "app_bridgewait.so", "app_mixmonitor.so", "app_playback.so", "app_playtones.so", "app_userevent.so",
        "app_originate.so", "cdr_custom.so", "chan_pjsip.so", "func_channel.so", "func_hangupcause.so",
        "res_agi.so", "res_pjsip_outbound_registration.so", "res_pjsip_registrar.so",
    ],
)  # fmt: skip
def test_what_the_service_uses_is_loaded(centre: CallCentre, needed: str) -> None:
    assert "Running" in centre.pbx.cli(f"module show like {needed}")


@pytest.mark.parametrize("unwanted", ["chan_iax2.so", "res_ari.so", "pbx_spool.so", "app_queue.so"])
def test_what_the_service_does_not_use_is_not(centre: CallCentre, unwanted: str) -> None:
    assert "Running" not in centre.pbx.cli(f"module show like {unwanted}")


def test_the_configuration_reads_well(centre: CallCentre) -> None:
    for instance in (centre.pbx, centre.carrier, centre.phones):
        assert check(instance.etc) == []


def test_a_phone_answers_and_can_be_dropped(centre: CallCentre) -> None:
    centre.pbx.cli("channel originate PJSIP/agent-104 extension s@fairdial-desk")

    def desks() -> int:
        return centre.pbx.cli("core show channels concise").count("PJSIP/agent-104")

    assert wait_until(lambda: "!BridgeWait!" in centre.pbx.cli("core show channels concise"), 5)
    assert centre.drop_phone("agent-104")
    assert wait_until(lambda: desks() == 0, 5)
    assert not centre.drop_phone("agent-104")


def test_settings_travel_as_environment(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in as_environment(centre.settings).items():
        monkeypatch.setenv(name, value)
    assert load().model_dump() == centre.settings.model_dump()


def test_a_frozen_asterisk_answers_again_when_thawed(centre: CallCentre) -> None:
    centre.phones.freeze()
    try:
        assert centre.phones.running
    finally:
        centre.phones.thaw()
    assert "System uptime" in centre.phones.cli("core show uptime")


async def test_postgres_comes_back_under_the_same_address_after_a_power_cut(centre: CallCentre) -> None:
    assert centre.postgres is not None
    before = centre.postgres.url
    centre.postgres.kill()
    assert await asyncio.to_thread(centre.postgres.restart) == before
    connection = await asyncpg.connect(before)
    try:
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    finally:
        await connection.close()


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that runs a call centre of its own beside ours."""
    program = (
        "import sys; from pathlib import Path; from dialer.lab.centre import CallCentre\n"
        "with CallCentre(Path(sys.argv[1]), agents=1, channels=2, fsync=False) as centre:\n"
        "    print(*(each.pid for each in (centre.pbx, centre.carrier, centre.phones, centre.postgres)), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "other")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # tests that were started in the background would hand down that SIGINT is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_the_program_that_started_it(
    centre: CallCentre, stranger: subprocess.Popen[str], how: signal.Signals
) -> None:
    assert centre.pbx.running
    assert stranger.stdout is not None
    pids = [int(pid) for pid in stranger.stdout.readline().split()]
    assert len(pids) == 4
    assert all(alive(pid) for pid in pids)
    stranger.send_signal(how)
    stranger.wait(60)  # three exchanges and a database end in order, beside other tests
    assert wait_until(lambda: not any(alive(pid) for pid in pids), 30)
