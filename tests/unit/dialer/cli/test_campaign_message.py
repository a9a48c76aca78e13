"""fairdial campaign message: checked before it is heard, then recorded and set."""

import hashlib
import wave
from pathlib import Path

import pytest

from dialer.domain.ids import CampaignId
from dialer.words import Language, say
from tests.support.fake_store import FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

SELLER = ("--seller", "Acme Windows", "--seller-phone", "800-555-0199")


@pytest.fixture
def spring(run: Run, store: FakeStore, environment: pytest.MonkeyPatch, tmp_path: Path) -> FakeStore:
    folder = tmp_path / "sounds" / "fairdial"
    folder.mkdir(parents=True)
    environment.setenv("FAIRDIAL_PROMPTS__FOLDER", str(folder))
    run("campaign", "create", "--name", "spring", "--trunk", "main", *SELLER)
    return store


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    file = tmp_path / "voice.wav"
    with wave.open(str(file), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(16000)
        target.writeframes(b"\x10\x20" * 16000)
    return file


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_satisfies_every_profile(run: Run, spring: FakeStore, language: Language) -> None:
    done = run("campaign", "message", "spring", "--language", language, "--check")
    assert done.exit_code == 0, done.output
    expected = say("message.template", language, seller="Acme Windows", phone="800-555-0199", press="9")
    assert done.stdout.splitlines()[0] == expected
    assert spring.campaigns.rows[CampaignId(1)].plan.abandoned_message == "fairdial/abandoned-en"


def test_a_recording_is_set_under_a_name_of_its_own(
    run: Run, spring: FakeStore, voice: Path, tmp_path: Path
) -> None:
    done = run("campaign", "message", "spring", "--audio", str(voice))
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "sounds" / "fairdial").glob("*.wav")
    seal = hashlib.sha256(file.read_bytes()).hexdigest()
    assert file.name == f"message-1-{seal[:8]}-en.wav"
    with wave.open(str(file)) as heard:
        assert (heard.getframerate(), heard.getnchannels()) == (8000, 1)
    plan = spring.campaigns.rows[CampaignId(1)].plan
    assert plan.abandoned_message == f"fairdial/{file.stem}"


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("This is Acme Windows.", ["us_fcc_tcpa: how to opt out", "us_ftc_tsr: the telephone number is missing"]),
        (
            "This is Acme Windows. This call was for telemarketing purposes. A special offer waits for you. "
            "To be placed on our do-not-call list press 9 now, or call 800-555-0199.",
            ["it must not offer anything (special, offer) — 16 CFR 310.4"],
        ),
    ],
)  # fmt: skip
def test_each_missing_part_is_told_with_the_profile_that_asks_for_it(
    run: Run, spring: FakeStore, text: str, complaints: list[str]
) -> None:
    done = run("campaign", "message", "spring", "--text", text)
    assert done.exit_code == 1
    for complaint in complaints:
        assert complaint in done.stderr
    assert spring.campaigns.rows[CampaignId(1)].plan.abandoned_message == "fairdial/abandoned-en"


def test_what_is_needed_first_is_said(run: Run, spring: FakeStore, tmp_path: Path) -> None:
    run("campaign", "create", "--name", "nameless", "--trunk", "main")
    assert "--seller" in run("campaign", "message", "nameless").stderr
    assert "--spoken" in run("campaign", "message", "spring", "--language", "zh").stderr
    assert "cannot read" in run("campaign", "message", "spring", "--audio", str(tmp_path / "none.wav")).stderr
