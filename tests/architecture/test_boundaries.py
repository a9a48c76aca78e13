"""Rules of the house that a linter does not know."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from dialer.domain.disposition import AGENT_RESULTS, ANSWERED, ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import AgentId
from dialer.telephony.asterisk import dialplan
from ivr.asterisk import Dialplan

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
SOURCES = sorted([*(PROJECT / "dialer").rglob("*.py"), *(PROJECT / "ivr").rglob("*.py")])


@dataclass
class Contents:
    """Of one module: the last names of whatever it calls, and its strings."""

    calls: set[str] = field(default_factory=set)
    strings: list[str] = field(default_factory=list)


@cache
def modules() -> dict[Path, Contents]:
    return {file: _contents(ast.parse(file.read_text("utf-8"))) for file in SOURCES}


def _contents(tree: ast.AST) -> Contents:
    found = Contents()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                found.calls.add(name)
            case ast.Constant(value=str(text)):
                found.strings.append(text)
    return found


def test_only_the_gate_makes_permits() -> None:
    makers = {
        file.relative_to(PROJECT).as_posix()
        for file, module in modules().items()
        if "DialPermit" in module.calls
    }
    assert makers == {"dialer/compliance/gate.py"}


def test_a_permit_cannot_be_made_elsewhere() -> None:
    from dialer.compliance.gate import DialPermit

    with pytest.raises(TypeError, match="only the compliance gate"):
        DialPermit(object(), None)  # type: ignore[arg-type]


def test_the_driver_and_the_dialplan_use_the_same_names() -> None:
    text = (PROJECT / "asterisk-config/extensions.conf").read_text("utf-8")
    contexts = set(re.findall(r"^\[(fairdial-[\w-]+)\]", text, re.MULTILINE))
    ours = {value for name, value in vars(dialplan).items() if name.startswith("CONTEXT_")}
    assert ours <= contexts
    for bridge in (dialplan.BRIDGE_ANSWERED, dialplan.BRIDGE_DESKS, dialplan.BRIDGE_TRANSFERS):
        assert f"BridgeWait({bridge}," in text
    for event in (dialplan.EVENT_CALL, dialplan.EVENT_DESK, dialplan.EVENT_PROBE):
        assert f"UserEvent({event}," in text
    for variable in (dialplan.VARIABLE_MESSAGE, dialplan.VARIABLE_JOINED, *_OF_FLOWS):
        assert f"${{{variable}}}" in text


_OF_FLOWS = (
    dialplan.VARIABLE_FLOW,
    dialplan.VARIABLE_SESSION,
    dialplan.VARIABLE_ENTRY,
    dialplan.VARIABLE_LANGUAGE,
    Dialplan.NEXT,
    Dialplan.TARGET,
    Dialplan.RING_S,
    Dialplan.OUTCOME,
)


def test_the_executor_of_flows_and_the_dialplan_use_the_same_names() -> None:
    text = (PROJECT / "asterisk-config/extensions.conf").read_text("utf-8")
    assert (Dialplan.SESSION, Dialplan.ENTRY, Dialplan.CONTACT) == (
        dialplan.VARIABLE_SESSION,
        dialplan.VARIABLE_ENTRY,
        dialplan.VARIABLE_CONTACT,
    )
    transfer = text.partition(f"[{dialplan.CONTEXT_TRANSFER}]")[2]
    for extension in (Dialplan.DIAL, Dialplan.WAIT):
        assert f"\nexten = {extension},1," in transfer
    for script in ("/inbound)", "/flow?", "/gone?"):
        assert f"AGI(${{FAIRDIAL_AGI}}{script}" in text


def test_channel_ids_are_read_back_and_nothing_else_is() -> None:
    assert dialplan.agent_of(dialplan.desk_channel(AgentId(17), "a-b")) == 17
    for foreign in ("", "fairdial-d-", "fairdial-d-x-1", "SIP/1", "fairdial-c-1"):
        assert dialplan.agent_of(foreign) is None


def test_no_sql_outside_the_sql_files() -> None:
    statement = re.compile(r"\b(select .+ from|insert into|update \w+ set|delete from)\b", re.IGNORECASE)
    for file, module in modules().items():
        if "lab" in file.parts or "migrate" in file.name:
            continue
        for text in module.strings:
            assert not statement.search(text), f"{file}: {text[:80]}"


def test_results_of_agents_are_answers_and_machines_are_no_people() -> None:
    assert AGENT_RESULTS <= ANSWERED
    assert Disposition.MACHINE in ANSWERED - ANSWERED_BY_PERSON


def test_every_setting_is_in_the_sample_file() -> None:
    from dialer.settings import Settings

    sample = (PROJECT / "fairdial.sample.toml").read_text("utf-8")
    for name in Settings.model_fields:
        assert re.search(rf"^#? ?\[?{name}\b", sample, re.MULTILINE), (
            f"fairdial.sample.toml does not show {name}"
        )
