"""Consents and their end in the database, in the words of the rules."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dialer.compliance.profile import ConsentKind
from dialer.domain.consent import Consent, GivenKind, Reassigned, ReassignedAnswer, Revocation, RevokedBy
from dialer.domain.consent_rows import RowRules
from dialer.domain.disposition import Disposition
from dialer.engine.consent_lists import import_consents, import_revocations
from dialer.ports.consent import NumberStanding
from dialer.ports.ledger import OptOut
from dialer.storage.postgres.consent import note_use, read_standing
from dialer.storage.postgres.store import PostgresStore
from dialer.web.wrap_up import AgentWord, note_result
from tests.integration.storage.rig import NOW, Rig, ended, number, person

pytestmark = pytest.mark.postgres

DAY = timedelta(days=1)
GIVEN = Consent(
    number(1), GivenKind.WRITTEN, NOW - 10 * DAY, "form", seller="Acme", wording="Call me", proof="box 7"
)


async def standing(store: PostgresStore, seller: str, topic: str) -> Mapping[str, NumberStanding]:
    """Of two numbers, as the gate reads it."""
    async with store.pool.acquire() as connection, connection.transaction():
        return await read_standing(connection, [number(1).e164, number(2).e164], seller, topic, NOW)


async def kind(store: PostgresStore, seller: str = "Acme", topic: str = "") -> ConsentKind:
    found = await standing(store, seller, topic)
    assert set(found) == {number(1).e164, number(2).e164}
    return found[number(1).e164].consent.kind


async def test_a_consent_is_kept_once_and_stands_for_its_seller(store: PostgresStore) -> None:
    assert await store.consent.add_consents([GIVEN, GIVEN], "test", NOW) == 1
    assert await store.consent.add_consents([GIVEN], "test", NOW) == 0
    (kept,) = await store.consent.consents(number(1))
    assert replace(kept, id=None) == GIVEN
    assert await kind(store) is ConsentKind.WRITTEN
    assert await kind(store, " acme ") is ConsentKind.WRITTEN
    assert await kind(store, "Other") is ConsentKind.NONE


async def test_a_revocation_ends_it_at_once_and_a_new_consent_begins_anew(store: PostgresStore) -> None:
    await store.consent.add_consents([GIVEN], "test", NOW)
    no = Revocation(number(1), NOW - DAY, RevokedBy.API)
    assert await store.consent.record_revocations([no], "test", NOW) == 1
    assert await store.consent.record_revocations([no], "test", NOW) == 0
    (kept,) = await store.consent.consents(number(1))
    assert (kept.revoked_at, kept.revoked_by) == (no.at, RevokedBy.API)
    assert await kind(store) is ConsentKind.NONE
    await store.consent.add_consents([replace(GIVEN, given_at=NOW)], "test", NOW)
    assert await kind(store) is ConsentKind.WRITTEN


async def test_a_revocation_on_one_topic_leaves_the_consent_to_the_others(store: PostgresStore) -> None:
    await store.consent.add_consents([GIVEN, replace(GIVEN, topic="Cards")], "test", NOW)
    await store.consent.record_revocations(
        [Revocation(number(1), NOW, RevokedBy.LIST, topic="cards")], "t", NOW
    )
    assert await kind(store, topic="cards") is ConsentKind.NONE
    assert await kind(store, topic="loans") is ConsentKind.WRITTEN
    of_all, of_cards = await store.consent.consents(number(1))
    assert (of_all.revoked_at, of_cards.revoked_at) == (None, NOW)
    found = await standing(store, "Acme", "loans")
    assert list(found[number(1).e164].consent.revoked) == [("cards", NOW)]


async def test_what_a_call_relied_on_remembers_its_last_use(store: PostgresStore) -> None:
    await store.consent.add_consents([GIVEN], "test", NOW)
    (kept,) = await store.consent.consents(number(1))
    assert kept.id is not None
    async with store.pool.acquire() as connection:
        await note_use(connection, [kept.id], NOW)
        await note_use(connection, [kept.id], NOW - DAY)
    (used,) = await store.consent.consents(number(1))
    assert used.last_used_at == NOW


async def test_the_answer_of_the_reassigned_numbers_database(store: PostgresStore) -> None:
    await store.consent.add_consents([GIVEN], "test", NOW)
    answer = ReassignedAnswer(number(1), Reassigned.NO, NOW, date(2025, 12, 1))
    await store.consent.add_reassigned_answers([answer], "test")
    found = await standing(store, "Acme", "")
    assert [found[number(each).e164].reassigned for each in (1, 2)] == ["no", None]


async def test_an_agents_word_and_a_key_press_take_consent_back(rig: Rig) -> None:
    store = rig.store
    await store.consent.add_consents([GIVEN, replace(GIVEN, number=number(2))], "test", NOW - DAY)
    agent = await store.agents.add_agent("Ana", "ana", NOW)
    await rig.add(person(1), person(2))
    talked = await rig.talk(agent)
    await store.attempts.settle([ended(talked, Disposition.CONNECTED)], [])
    attempt = await store.history.attempt(talked.attempt)
    for _ in range(2):  # saying it twice is once
        await note_result(store, attempt, AgentWord(Disposition.DO_NOT_CALL, "", None), "Ana", NOW + DAY)
    pressed = await rig.dial()
    for _ in range(2):
        await store.ledger.record_opt_outs([OptOut(pressed.attempt, NOW, "9")])
    by = {}
    for each in (1, 2):
        (revoked,) = await store.consent.revocations(number(each))
        (consent,) = await store.consent.consents(number(each))
        assert consent.revoked_by is revoked.how
        by[revoked.attempt] = revoked.how
    assert by == {talked.attempt: RevokedBy.AGENT, pressed.attempt: RevokedBy.KEY_PRESS}


async def test_files_go_in_but_for_their_bad_rows(store: PostgresStore, tmp_path: Path) -> None:
    rules = RowRules("US", ZoneInfo("UTC"), NOW, {"source": "web form"})
    file = tmp_path / "consents.csv"
    file.write_text(
        "Phone,Given,Kind,Seller,Lifts hours,Expires\n"
        f"{number(1).e164},2025-12-01,written,Acme,yes,\n"
        f"{number(1).e164},2025-12-01,written,Acme,yes,\n"
        "12,2025-12-01,,,,\n"
        f"{number(2).e164},2027-01-01,,,,\n"
        f"{number(2).e164},2025-12-01T10:00+01:00,oral,,,\n"
        f"{number(2).e164},,,,,\n"
        f"{number(2).e164},2025-12-01,,,maybe,\n"
        f"{number(2).e164},2025-12-01,,,,2025-11-01\n"
    )
    done = await import_consents(store.consent, file, rules, "test")
    assert (done.read, done.taken, done.new, done.refused) == (8, 2, 1, 6)
    assert [row.line for row in done.rows] == [4, 5, 6, 7, 8, 9]
    assert [row.because.split(":")[0] for row in done.rows] == [
        "number", "given_at", "kind", "given_at", "lifts_hours", "expires_at",
    ]  # fmt: skip
    (kept,) = await store.consent.consents(number(1))
    assert (kept.kind, kept.seller, kept.lifts_hours, kept.source) == (
        GivenKind.WRITTEN, "Acme", True, "web form",
    )  # fmt: skip
    revoked = tmp_path / "revoked.csv"
    revoked.write_text(f"number,topic\n{number(1).e164},\nx,\n")
    done = await import_revocations(store.consent, revoked, rules, "test")
    assert (done.new, done.refused) == (1, 1)
    assert await kind(store) is ConsentKind.NONE


async def test_the_suppression_hash_is_hmac_sha256(store: PostgresStore) -> None:
    row = await store.pool.fetchrow(
        "select inner_pad, outer_pad, suppression_hash($1, inner_pad, outer_pad) as hash from suppression_key",
        number(1).e164,
    )
    assert row is not None
    key = bytes(byte ^ 0x36 for byte in row["inner_pad"])
    assert key == bytes(byte ^ 0x5C for byte in row["outer_pad"])
    assert any(key[:32])
    assert not any(key[32:])
    assert row["hash"] == hmac.new(key, number(1).e164.encode(), hashlib.sha256).digest()
