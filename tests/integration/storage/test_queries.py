"""Every statement against the real schema, and the schema against the domain's words."""

import re

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import AGENT_RESULTS, ANSWERED, ANSWERED_BY_PERSON, Disposition
from dialer.storage.postgres.queries import QUERIES
from dialer.storage.postgres.store import PostgresStore

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("name", sorted(QUERIES))
async def test_the_statement_is_valid_and_takes_the_parameters_of_its_header(
    store: PostgresStore, name: str
) -> None:
    query = QUERIES[name]
    async with store.pool.acquire() as connection:
        if name == "create_migrations_table":
            return
        statement = await connection.prepare(query.sql)
        assert len(statement.get_parameters()) == len(query.params), query.params


@pytest.mark.parametrize(
    ("table", "states"),
    [
        ("campaigns", CampaignState),
        ("contacts", ContactState),
        ("attempts", AttemptState),
        ("agents", AgentState),
    ],
)
async def test_the_schema_knows_the_states_of_the_domain(
    store: PostgresStore, table: str, states: type[CampaignState]
) -> None:
    check = await store.pool.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = $1", f"{table}_state_check"
    )
    assert set(re.findall(r"'(\w+)'::text", check)) == {state.value for state in states}


async def test_the_dispositions_table_says_what_the_domain_says(store: PostgresStore) -> None:
    rows = {row["code"]: row for row in await store.pool.fetch("select * from dispositions")}
    assert rows.keys() == {each.value for each in Disposition}
    for disposition in Disposition:
        row = rows[disposition.value]
        assert row["answered"] == (disposition in ANSWERED)
        assert row["by_person"] == (disposition in ANSWERED_BY_PERSON)
        assert row["by_agent"] == (disposition in AGENT_RESULTS)
        assert row["label_en"]
        assert row["label_zh"]
