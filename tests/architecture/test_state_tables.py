"""The state tables: complete, without dead ends, and the same in SQL, in code and in ARCHITECTURE.md."""

import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dialer.domain import agent, attempt, campaign, contact
from dialer.domain.diagram import as_mermaid
from dialer.domain.transitions import IllegalTransition, following

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
Table = Mapping[tuple[Any, Any], Any]  # the machines have different enums, and a mapping's key is invariant


class Machine(NamedTuple):
    name: str
    table: Table
    states: type[StrEnum]
    signals: type[StrEnum]
    first: StrEnum
    ends: set[StrEnum]


A, C, P, G = attempt.AttemptState, contact.ContactState, campaign.CampaignState, agent.AgentState
MACHINES = [
    Machine("attempt", attempt.TRANSITIONS, A, attempt.AttemptSignal, A.CLAIMED, {A.ENDED}),
    Machine("campaign", campaign.TRANSITIONS, P, campaign.CampaignSignal, P.DRAFT, {P.STOPPED, P.FINISHED}),
    Machine(
        "contact", contact.TRANSITIONS, C, contact.ContactSignal, C.READY, {C.DONE, C.EXHAUSTED, C.BLOCKED}
    ),
    Machine("agent", agent.TRANSITIONS, G, agent.AgentSignal, G.LOGGED_OUT, {G.LOGGED_OUT}),
]
EACH = pytest.mark.parametrize("machine", MACHINES, ids=[each.name for each in MACHINES])


def reachable(table: Table, start: StrEnum) -> set[StrEnum]:
    seen, edge = {start}, {start}
    while edge:
        edge = {to for (state, _), to in table.items() if state in edge} - seen
        seen |= edge
    return seen


@EACH
def test_every_pair_is_in_the_table_or_refused(machine: Machine) -> None:
    for state, signal in product(machine.states, machine.signals):
        if (state, signal) in machine.table:
            assert following(machine.table, state, signal) in set(machine.states)
        else:
            with pytest.raises(IllegalTransition):
                following(machine.table, state, signal)


@EACH
def test_every_state_is_reached_and_every_state_can_end(machine: Machine) -> None:
    assert reachable(machine.table, machine.first) == set(machine.states)
    for state in machine.states:
        assert reachable(machine.table, state) & machine.ends, f"{state} never ends"
    assert {signal for _, signal in machine.table} == set(machine.signals), "a signal that no state knows"


@EACH
def test_the_database_knows_the_same_states(machine: Machine) -> None:
    schema = "".join(file.read_text("utf-8") for file in sorted((PROJECT / "migrations").glob("*.sql")))
    body = re.search(rf"create table {machine.name}s \((.*?)\n\)", schema, re.DOTALL)
    assert body is not None
    listed = re.findall(r"\n    state\s.*?check \(state in \((.*?)\)\)", body[1], re.DOTALL)
    later = rf"add constraint {machine.name}s_state_check\s+check \(state in \((.*?)\)\)"
    listed += re.findall(later, schema, re.DOTALL)
    assert set(re.findall(r"'(\w+)'", listed[-1])) == {state.value for state in machine.states}


@EACH
def test_the_architecture_page_shows_this_table(machine: Machine) -> None:
    page = (PROJECT / "ARCHITECTURE.md").read_text("utf-8")
    assert as_mermaid(machine.table) in page, (
        f"ARCHITECTURE.md: replace the diagram of {machine.name} by\n{as_mermaid(machine.table)}"
    )
