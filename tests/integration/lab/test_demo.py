"""The demonstration as a newcomer runs it, smaller: its figures hold, and Ctrl-C leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(240)]

CONTACTS, AGENTS = 24, 5


def demo(folder: Path, output: Path, **environment: str) -> subprocess.Popen[bytes]:
    """In a session of its own, with Ctrl-C as a terminal delivers it."""
    given = {name: value for name, value in os.environ.items() if name != "FAIRDIAL_DATABASE_URL"}
    sizes = {"DEMO_CONTACTS": str(CONTACTS), "DEMO_AGENTS": str(AGENTS), "DEMO_FOLDER": str(folder)}
    with output.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "dialer", "demo"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**given, **sizes, **environment},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )


def processes_naming(folder: Path) -> list[str]:
    """Command lines of everything that runs in the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            environment = (entry.parent / "environ").read_bytes()
        except OSError:
            continue
        if str(folder) in line or str(folder).encode() in environment:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    result, output = folder / "figures.json", folder / "output.txt"
    process = demo(folder / "run", output, DEMO_JSON=str(result))
    assert process.wait(200) == 0, output.read_text("utf-8")
    assert not processes_naming(folder)
    loaded: Mapping[str, Any] = json.loads(result.read_text("utf-8"))
    return loaded


def test_every_contact_is_accounted_for_exactly_once(figures: Mapping[str, Any]) -> None:
    ids = Counter(each["contact"] for each in figures["each_contact"])
    assert len(ids) == CONTACTS
    assert set(ids.values()) == {1}
    assert sum(figures["contacts_by_state"].values()) == CONTACTS
    assert not any(each["never_tried"] for each in figures["each_contact"])


def test_our_records_and_the_carriers_agree(figures: Mapping[str, Any]) -> None:
    carrier = figures["carrier"]
    assert carrier["agree"], carrier["numbers_that_differ"]
    assert carrier["calls_ours"] == figures["dialled"] > CONTACTS / 2
    assert carrier["answered_ours"] == figures["answered"] > 0


def test_nobody_on_the_list_was_called_and_nobody_hung_up_on_too_soon(figures: Mapping[str, Any]) -> None:
    assert figures["do_not_call_listed"] > 0
    assert figures["do_not_call_dialled"] == 0
    assert figures["cut_before_15_s"] == 0


def test_of_those_who_must_not_be_called_nobody_was_and_each_has_its_explanation(
    figures: Mapping[str, Any],
) -> None:
    law = figures["law"]
    salted = law["not_dialled"]
    assert {each["expected"] for each in salted} == {
        "internal_dnc",
        "blocked_prefix",
        "complaint",
        "sensitive",
        "revoked",
        "registry_listed",
        "consent_missing",
        "outside_hours",
        "attempt_cap",
        "cooling_72h",
        "did_proof_missing",
    }
    assert len({each["place"] for each in salted if each["expected"] == "outside_hours"}) >= 3
    assert law["carrier_calls"] == figures["carrier"]["calls_theirs"] > 0
    for each in salted:
        assert each["calls_by_carrier"] == 0, each
        assert each["reason"] == each["explained"] == each["expected"], each
        if each["by_law"]:
            assert each["profile"], each
            assert each["citation"], each
            assert each["explained_citation"] == each["citation"], each


def test_abandonment_is_reported_as_the_law_counts_it(figures: Mapping[str, Any]) -> None:
    windows = {each["profile"]: each for each in figures["law"]["abandonment"]}
    assert windows.keys() == {"us_ftc_tsr", "uk_ofcom_2017"}
    for each in windows.values():
        assert each["citation"]
        assert each["abandoned"] <= each["answered"] <= figures["answered"]
        assert each["answered"] > 0


def test_every_agent_call_has_a_sound_recording(figures: Mapping[str, Any]) -> None:
    attempts = [attempt for contact in figures["each_contact"] for attempt in contact["attempts"]]
    assert figures["recordings"] == sum(attempt["joined"] for attempt in attempts) > 0
    assert figures["recordings_doubtful"] == []


def test_people_abroad_were_not_made_to_answer(figures: Mapping[str, Any]) -> None:
    abroad = figures["heard"]["abroad"]
    assert abroad, "the list has nobody abroad"
    for each in abroad:
        assert (each["ended_as_foreign"], each["answered_by_carrier"]) == (each["calls"], 0), each
        assert each["longest_s"] < 12
        assert each["country"] in each["said"] or each["said"].count(",") >= 7, each
    assert figures["heard"]["at_home_in_band"] > 0
    assert figures["heard"]["at_home_ended_as_foreign"] == 0


def test_machines_are_known_and_people_get_agents_in_time(figures: Mapping[str, Any]) -> None:
    heard = figures["heard"]
    assert heard["machines_known"] == heard["machines_answered"] > 0
    assert heard["people_taken_for_machines"] == 0
    hesitate = sum(each["behaviour"] == "hesitates" for each in figures["each_contact"])
    assert (
        heard["people"] >= heard["timed"] >= heard["people"] - hesitate > 0
    )  # these had the agent before they spoke
    assert heard["greeting_to_agent_p99_s"] <= 2


def test_callers_walked_through_the_flows(figures: Mapping[str, Any]) -> None:
    flows = figures["flows"]
    assert [each for each in flows["walks"] if each["result"] != each["expected"]] == []
    assert flows["opt_outs_landed"] == flows["opt_outs"] == 3
    assert flows["joined"] == flows["sent_on"] == 2
    assert flows["calls_by_flow"] == {
        "appointment": 2,
        "main-menu": 3,
        "opt-out": 2,
        "sales-consent": 1,
        "satisfaction": 1,
        "survey": 3,
    }
    asked = [sum(given.values()) for _, given in flows["answers"]]
    assert len(asked) == 9, "nine questions with options on this way through the survey"
    assert set(asked) == {2, 4}, "two people, and one question takes several answers"


def test_behaviours_of_the_carrier_come_out_as_their_outcomes(figures: Mapping[str, Any]) -> None:
    expected = {
        "busy": {"busy"},
        "rejects": {"rejected"},
        "congested": {"congestion"},
        "rings_out": {"no_answer"},
        "voicemail": {"machine"},
        "fax": {"fax"},
        "silent": {"dead_air"},
        "greets": {"connected", "callback", "do_not_call", "refused"},
        "home_ringback": {"connected", "callback", "do_not_call"},
        "busy_tone": {"busy"},
        "information_tones": {"not_in_service"},
        "abroad": {"foreign_ringback"},
    }
    for contact in figures["each_contact"]:
        # predictive: whoever picks up may find no agent
        outcomes = {attempt["disposition"] for attempt in contact["attempts"]} - {"abandoned"}
        assert outcomes <= expected.get(contact["behaviour"], outcomes), contact


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    process = demo(tmp_path / "run", output)
    deadline = monotonic() + 60
    while "Statistics" not in output.read_text("utf-8"):
        assert process.poll() is None, output.read_text("utf-8")
        assert monotonic() < deadline
        sleep(0.2)
    sleep(4)  # calls are in progress
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(40) == 130
    assert "Traceback" not in output.read_text("utf-8")
    deadline = monotonic() + 10
    while (left := processes_naming(tmp_path)) and monotonic() < deadline:
        sleep(0.2)
    assert not left
