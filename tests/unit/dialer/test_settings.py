"""Settings: where they come from, what is refused, and that no secret is shown."""

import os
from pathlib import Path

import pytest

from dialer import settings
from dialer.errors import Misconfigured

pytestmark = pytest.mark.unit

TRUNK = {
    "FAIRDIAL_TRUNKS__MAIN__ADDRESS": "sip.example:5060",
    "FAIRDIAL_TRUNKS__MAIN__CALLER_ID": "+12025550100",
}


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what the test sets: no settings of this machine."""
    for name in list(os.environ):
        if name.startswith("FAIRDIAL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(settings, "CONFIG_PLACES", (tmp_path / "fairdial.toml",))


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> settings.Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return settings.load()


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fairdial.toml").write_text('language = "zh"\n[ami]\nport = 5039\nhost = "10.0.0.1"\n')
    loaded = given(monkeypatch, FAIRDIAL_AMI__PORT="5040")
    assert (loaded.language, loaded.ami.host, loaded.ami.port) == ("zh", "10.0.0.1", 5040)
    assert loaded.ami.username == "fairdial"


def test_secrets_come_from_files_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ami").write_text("from a file\n")
    (tmp_path / "trunk").write_text("trunk secret")
    loaded = given(
        monkeypatch,
        **TRUNK,
        FAIRDIAL_AMI__SECRET_FILE=str(tmp_path / "ami"),
        FAIRDIAL_TRUNKS__MAIN__PASSWORD_FILE=str(tmp_path / "trunk"),
    )
    assert loaded.ami.secret.get_secret_value() == "from a file"
    password = loaded.trunks["main"].password
    assert password is not None
    assert password.get_secret_value() == "trunk secret"


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"FAIRDIAL_AMI__PORT": "70000"}, "ami.port"),
        ({"FAIRDIAL_AMI__PROT": "1"}, "ami.prot"),
        ({"FAIRDIAL_AMI__SECRET_FILE": "/nowhere/at/all"}, "FAIRDIAL_AMI__SECRET_FILE"),
        ({"FAIRDIAL_CONFIG": "/nowhere.toml"}, "FAIRDIAL_CONFIG"),
        ({**TRUNK, "FAIRDIAL_TRUNKS__MAIN__CALLER_ID": "0049"}, "trunks.main.caller_id"),
        ({**TRUNK, "FAIRDIAL_TRUNKS__MAIN__REGISTER_WITH_CARRIER": "true"}, "trunks.main"),
        ({**TRUNK, "FAIRDIAL_TRUNKS__MAIN__ADDRESS": "a\nb"}, "trunks.main.address"),
        ({**TRUNK, "FAIRDIAL_TRUNKS__MAIN__ADDRESS": "a;b"}, "trunks.main.address"),
        ({**TRUNK, "FAIRDIAL_TRUNKS__MAIN__CALLS_PER_SECOND": "0"}, "trunks.main.calls_per_second"),
        ({"FAIRDIAL_ASTERISK__RTP_START": "20000"}, "asterisk.rtp_end"),
        ({"FAIRDIAL_LANGUAGE": "de"}, "language"),
    ],
)
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        given(monkeypatch, **environment)


def test_a_broken_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fairdial.toml").write_text("language = \n")
    with pytest.raises(Misconfigured, match=r"fairdial\.toml"):
        given(monkeypatch)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "s3cr3t-value"
    loaded = given(
        monkeypatch,
        **TRUNK,
        FAIRDIAL_DATABASE_URL=f"postgresql://fairdial:{secret}@db/fairdial",
        FAIRDIAL_AMI__SECRET=secret,
        FAIRDIAL_TRUNKS__MAIN__PASSWORD=secret,
        FAIRDIAL_PHONES__A1__PASSWORD=secret,
    )
    assert secret not in str(settings.redacted(loaded))
    assert secret not in repr(loaded)
    assert settings.redacted(loaded)["database_url"] == "postgresql://fairdial:**********@db/fairdial"


def test_a_complaint_does_not_repeat_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured) as complaint:
        given(monkeypatch, FAIRDIAL_AMI='{"secret": ["s3cr3t-value"]}')
    assert "s3cr3t-value" not in str(complaint.value)


def test_ports_beyond_this_machine_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.exposed(given(monkeypatch)) == []
    assert settings.exposed(given(monkeypatch, FAIRDIAL_HTTP__HOST="0.0.0.0")) == ["http"]  # noqa: S104


def test_the_sample_file_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Path(__file__).parents[3] / "fairdial.sample.toml"
    loaded = given(monkeypatch, FAIRDIAL_CONFIG=str(sample))
    assert list(loaded.trunks) == ["main"]
    assert list(loaded.phones) == ["agent-101"]


def test_a_setting_that_is_called_file_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = given(monkeypatch, **TRUNK, FAIRDIAL_RULES__FILE="/etc/fairdial/rules.yaml")
    assert shown.rules.file == Path("/etc/fairdial/rules.yaml")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://sms.example.com/messages", True),
        ("http://127.0.0.1:9000/messages", True),
        ("http://10.0.0.7/messages", True),
        ("http://relay:9000/messages", True),
        ("http://sms.example.com/messages", False),
        ("https://user:secret@sms.example.com/", False),
        ("https:///messages", False),
        ("ftp://sms.example.com", False),
    ],
)
def test_the_token_of_text_messages_goes_encrypted_or_stays_in_the_house(url: str, good: bool) -> None:
    given = settings.Settings(sms=settings.SmsSection(url=url))
    assert (settings.inconsistencies(given) == []) is good
