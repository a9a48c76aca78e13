"""The state tables: complete, without dead ends, and the same in SQL, in code and in ARCHITECTURE.md."""

import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from dialer.domain import agent, attempt, campaign, contact
from dialer.domain.diagram import as_mermaid
from dialer.domain.transitions import IllegalTransition, following

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
Table = Mapping[tuple[Any, Any], Any]  # the machines have different enums, and a mapping's key is invariant

MACHINES: list[tuple[str, Table, type[StrEnum], type[StrEnum], StrEnum, set[StrEnum]]] = [
    (
        "attempt",
        attempt.TRANSITIONS,
        attempt.AttemptState,
        attempt.AttemptSignal,
        attempt.AttemptState.CLAIMED,
        {attempt.AttemptState.ENDED},
    ),
    (
        "campaign",
        campaign.TRANSITIONS,
        campaign.CampaignState,
        campaign.CampaignSignal,
        campaign.CampaignState.DRAFT,
        {campaign.CampaignState.STOPPED, campaign.CampaignState.FINISHED},
    ),
    (
        "contact",
        contact.TRANSITIONS,
        contact.ContactState,
        contact.ContactSignal,
        contact.ContactState.READY,
        {contact.ContactState.DONE, contact.ContactState.EXHAUSTED, contact.ContactState.BLOCKED},
    ),
    (
        "agent",
        agent.TRANSITIONS,
        agent.AgentState,
        agent.AgentSignal,
        agent.AgentState.LOGGED_OUT,
        {agent.AgentState.LOGGED_OUT},
    ),
]
BY_NAME = pytest.mark.parametrize(
    ("name", "table", "states", "signals", "first", "ends"), MACHINES, ids=[each[0] for each in MACHINES]
)


def reachable(table: Table, start: StrEnum) -> set[StrEnum]:
    seen, edge = {start}, {start}
    while edge:
        edge = {to for (state, _), to in table.items() if state in edge} - seen
        seen |= edge
    return seen


@BY_NAME
def test_every_pair_is_in_the_table_or_refused(
    name: str,
    table: Table,
    states: type[StrEnum],
    signals: type[StrEnum],
    first: StrEnum,
    ends: set[StrEnum],
) -> None:
    for state, signal in product(states, signals):
        if (state, signal) in table:
            assert following(table, state, signal) in set(states)
        else:
            with pytest.raises(IllegalTransition):
                following(table, state, signal)


@BY_NAME
def test_every_state_is_reached_and_every_state_can_end(
    name: str,
    table: Table,
    states: type[StrEnum],
    signals: type[StrEnum],
    first: StrEnum,
    ends: set[StrEnum],
) -> None:
    assert reachable(table, first) == set(states)
    for state in states:
        assert reachable(table, state) & ends, f"{state} never ends"
    assert {signal for _, signal in table} == set(signals), "a signal that no state knows"


@BY_NAME
def test_the_database_knows_the_same_states(
    name: str,
    table: Table,
    states: type[StrEnum],
    signals: type[StrEnum],
    first: StrEnum,
    ends: set[StrEnum],
) -> None:
    schema = (PROJECT / "migrations/0001_initial.sql").read_text("utf-8")
    body = re.search(rf"create table {name}s \((.*?)\n\)", schema, re.DOTALL)
    assert body is not None
    listed = re.search(r"\n    state\s.*?check \(state in \((.*?)\)\)", body[1], re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"'(\w+)'", listed[1])) == {state.value for state in states}


@BY_NAME
def test_the_architecture_page_shows_this_table(
    name: str,
    table: Table,
    states: type[StrEnum],
    signals: type[StrEnum],
    first: StrEnum,
    ends: set[StrEnum],
) -> None:
    page = (PROJECT / "ARCHITECTURE.md").read_text("utf-8")
    assert as_mermaid(table) in page, (
        f"ARCHITECTURE.md: replace the diagram of {name} by\n{as_mermaid(table)}"
    )
