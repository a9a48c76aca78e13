import re
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from dialer.errors import Misconfigured
from dialer.lab.environment import GivenSettings
from dialer.settings import (
    AgiSection,
    AmiSection,
    AsteriskSection,
    PhoneSection,
    PromptsSection,
    Settings,
    TrunkSection,
)
from dialer.telephony.asterisk.render import check, prompt_prefix, render, source_folder

pytestmark = pytest.mark.unit

SOURCE = source_folder()
COMPLETE = {
    "acl.conf", "asterisk.conf", "ccss.conf", "cdr.conf", "cel.conf", "extensions.conf", "features.conf", "http.conf",
    "indications.conf", "logger.conf", "manager.conf", "modules.conf", "musiconhold.conf", "pjproject.conf",
    "pjsip.conf", "rtp.conf", "udptl.conf",
}  # fmt: skip


def settings() -> Settings:
    return GivenSettings(
        ami=AmiSection(port=15038, username="dialler", secret=SecretStr("ami-secret")),
        agi=AgiSection(host="10.0.0.9", port=14573),
        asterisk=AsteriskSection(
            system_name="east",
            sip_bind="10.0.0.1:15060",
            http_bind="127.0.0.2:18088",
            rtp_start=30000,
            rtp_end=30999,
            fallback_script="/opt/fallback.py",
        ),
        prompts=PromptsSection(folder=Path("/srv/sounds/our/prompts")),
        trunks={
            "main": TrunkSection(
                address="sip.example.org:5080",
                caller_id="+12025550100",
                codecs=("g722", "alaw"),
                username="account",
                password=SecretStr("trunk-secret"),
                register_with_carrier=True,
                transport="tcp",
            ),
            "spare": TrunkSection(address="192.0.2.7", caller_id="+12025550101"),
        },
        phones={
            "agent-7": PhoneSection(password=SecretStr("phone-secret"), codecs=("ulaw",)),
            "agent-8": PhoneSection(password=SecretStr("other-secret")),
        },
    )


@pytest.fixture
def rendered(tmp_path: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in render(settings(), SOURCE, tmp_path / "etc")}


def sections(text: str, kind: str) -> dict[str, dict[str, str]]:
    """The sections of pjsip.conf of one type."""
    found = {}
    for block in re.split(r"^(?=\[)", text, flags=re.MULTILINE):
        items = dict(re.findall(r"^(\w+)\s*=\s*(.*?)\s*$", block, re.MULTILINE))
        if items.get("type") == kind:
            found[block[1 : block.index("]")]] = items
    return found


def test_the_files_are_complete() -> None:
    assert {file.name for file in SOURCE.glob("*.conf")} >= COMPLETE


def test_the_files_stand_by_themselves() -> None:
    assert check(SOURCE) == []


def test_the_sample_has_one_trunk_and_one_phone() -> None:
    assert set(sections((SOURCE / "pjsip.conf").read_text("utf-8"), "endpoint")) == {
        "trunk-sample",
        "agent-101",
    }


def test_the_rendered_files_read_well(rendered: dict[str, str], tmp_path: Path) -> None:
    assert set(rendered) >= COMPLETE
    assert check(tmp_path / "etc") == []


def test_no_mark_and_no_sample_is_left(rendered: dict[str, str]) -> None:
    for name, text in rendered.items():
        assert not re.search(r"; @\w+\s*$", text, re.MULTILINE), name
        code = "\n".join(line for line in text.splitlines() if not line.startswith(";"))
        assert "sample" not in code, name
        assert "change-me" not in code, name
        assert "agent-101" not in code, name


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("asterisk.conf", "systemname = east"),
        ("manager.conf", "port = 15038"),
        ("manager.conf", "bindaddr = 127.0.0.1"),
        ("manager.conf", "[dialler]"),
        ("manager.conf", "secret = ami-secret"),
        ("http.conf", "bindaddr = 127.0.0.2"),
        ("http.conf", "bindport = 18088"),
        ("rtp.conf", "rtpstart = 30000"),
        ("rtp.conf", "rtpend = 30999"),
        ("pjsip.conf", "bind = 10.0.0.1:15060"),
        ("extensions.conf", "FAIRDIAL_AGI = agi://10.0.0.9:14573"),
        ("extensions.conf", "FAIRDIAL_FALLBACK = /opt/fallback.py"),
        ("extensions.conf", "FAIRDIAL_PROMPTS = our/prompts"),
    ],
)
def test_each_setting_lands(rendered: dict[str, str], file: str, line: str) -> None:
    assert line in rendered[file].splitlines()


def test_a_trunk_with_an_account(rendered: dict[str, str]) -> None:
    text = rendered["pjsip.conf"]
    endpoint = sections(text, "endpoint")["trunk-main"]
    assert endpoint["context"] == "fairdial-inbound"
    assert endpoint["allow"] == "g722,alaw"
    assert endpoint["transport"] == "tcp"
    assert endpoint["outbound_auth"] == "trunk-main"
    assert endpoint["direct_media"] == "no"
    assert sections(text, "aor")["trunk-main"]["contact"] == r"sip:sip.example.org:5080\;transport=tcp"
    assert sections(text, "identify")["trunk-main"]["match"] == "sip.example.org"
    assert sections(text, "auth")["trunk-main"] == {
        "type": "auth", "auth_type": "userpass", "username": "account", "password": "trunk-secret",
    }  # fmt: skip
    registration = sections(text, "registration")["trunk-main"]
    assert registration["client_uri"] == "sip:account@sip.example.org:5080"


def test_a_trunk_known_by_its_address(rendered: dict[str, str]) -> None:
    text = rendered["pjsip.conf"]
    assert "outbound_auth" not in sections(text, "endpoint")["trunk-spare"]
    assert "trunk-spare" not in sections(text, "auth")
    assert "trunk-spare" not in sections(text, "registration")
    assert sections(text, "aor")["trunk-spare"]["contact"] == r"sip:192.0.2.7:5060\;transport=udp"


def test_a_phone(rendered: dict[str, str]) -> None:
    text = rendered["pjsip.conf"]
    assert sections(text, "endpoint")["agent-7"]["context"] == "fairdial-phones"
    assert sections(text, "endpoint")["agent-7"]["allow"] == "ulaw"
    assert sections(text, "auth")["agent-7"]["password"] == "phone-secret"
    assert sections(text, "aor")["agent-8"]["max_contacts"] == "1"


def test_only_the_transports_in_use(rendered: dict[str, str], tmp_path: Path) -> None:
    assert set(sections(rendered["pjsip.conf"], "transport")) == {"udp", "tcp"}
    render(GivenSettings(), SOURCE, tmp_path / "plain")
    assert set(sections((tmp_path / "plain/pjsip.conf").read_text("utf-8"), "transport")) == {"udp"}


def test_without_trunks_and_phones_it_is_still_valid(tmp_path: Path) -> None:
    render(GivenSettings(), SOURCE, tmp_path)
    assert check(tmp_path) == []


def test_files_with_passwords_are_not_for_everybody(rendered: dict[str, str], tmp_path: Path) -> None:
    for name in rendered:
        assert stat.S_IMODE((tmp_path / "etc" / name).stat().st_mode) == 0o640


def test_contexts_are_the_ones_the_service_names(rendered: dict[str, str]) -> None:
    contexts = set(re.findall(r"^\[([\w-]+)\]", rendered["extensions.conf"], re.MULTILINE)) - {
        "general",
        "globals",
    }
    assert contexts == {
        "fairdial-answered", "fairdial-message", "fairdial-announce", "fairdial-desk", "fairdial-inbound", "fairdial-probe",
        "fairdial-ivr", "fairdial-phones", "fairdial-transfer",
    }  # fmt: skip
    used = set(re.findall(r"^context = (\S+)", rendered["pjsip.conf"], re.MULTILINE))
    assert used <= contexts


def test_the_manager_may_not_use_the_console() -> None:
    rights = re.findall(
        r"^(?:read|write) = (.*)$", (SOURCE / "manager.conf").read_text("utf-8"), re.MULTILINE
    )
    assert len(rights) == 2
    for granted in rights:
        assert not {"all", "command", "config", "dialplan"} & set(granted.split(","))


@pytest.mark.parametrize("evil", ["x\nwrite = all", "x]\n[admin", "x;y", "a\rb"])
def test_a_secret_cannot_add_lines(tmp_path: Path, evil: str) -> None:
    broken = GivenSettings(ami=AmiSection(secret=SecretStr(evil)))
    with pytest.raises(Misconfigured, match=r"manager\.conf:\d+: the value of ami_secret"):
        render(broken, SOURCE, tmp_path / "etc")
    assert not (tmp_path / "etc").exists()


def test_a_bad_address_is_named(tmp_path: Path) -> None:
    broken = GivenSettings(trunks={"t": TrunkSection(address="host:port", caller_id="+12025550100")})
    with pytest.raises(Misconfigured, match="host:port"):
        render(broken, SOURCE, tmp_path)


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no \*\.conf files"):
        render(GivenSettings(), tmp_path, tmp_path / "etc")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[general\na = 1", "line 1: Missing"),
        ("[general]\njust words", "line 2: Item must be in name = value pairs"),
        ("[general]\na =", "line 2: [general] a has no value"),
        ("; nothing", "has no [section]"),
    ],
)
def test_check_says_where_and_what(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "x.conf").write_text(text, "utf-8")
    found = check(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"x.conf: {complaint}")


def test_check_of_an_empty_folder(tmp_path: Path) -> None:
    assert "no *.conf files" in check(tmp_path)[0]


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("/usr/share/asterisk/sounds/fairdial", "fairdial"),
        ("/srv/sounds/asterisk/sounds/a/b", "a/b"),
        ("/usr/share/asterisk/sounds", "/usr/share/asterisk/sounds"),
        ("/srv/prompts", "/srv/prompts"),
    ],
)
def test_how_dialplan_names_the_prompts(folder: str, prefix: str) -> None:
    assert prompt_prefix(Path(folder)) == prefix
