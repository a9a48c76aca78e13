"""Calls in the IVR between two steps, what was answered, what was asked for."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.consent import Consent, GivenKind
from dialer.domain.contact import ContactState
from dialer.domain.ids import CampaignId
from dialer.domain.inbound import OnHoliday, Route, read_hours
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import Conflict, NotFound
from dialer.flows import FlowPorts, FlowShelf, flow_ports, publish_flow
from dialer.ports.ivr import FlowPublication, RequestKind, RequestState, SpooledCallback
from dialer.ports.privacy import Hold
from dialer.storage.postgres.store import PostgresStore
from ivr.engine import State, begin
from ivr.samples import sample
from tests.integration.storage.rig import NOW, TRUNK, Rig, number, person

pytestmark = pytest.mark.postgres

SURVEY = sample("survey")
AT = NOW.timestamp()


class Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return AT


@pytest.fixture
def ports(store: PostgresStore) -> FlowPorts:
    return flow_ports(store, Clock())


def state(call: str = "call-1", **more: Any) -> dict[str, Any]:
    made = begin(SURVEY, call, caller="+12025550100", called="95000", contact={"name": "Kim"}).to_json()
    return {**made, "started": AT, "at": AT, "node": "permission", "wait": "keys", "turn": 1, **more}


def answer(question: str, value: Any = "other", status: str = "answered", **more: Any) -> dict[str, Any]:
    plain = {
        "question": question,
        "status": status,
        "value": value,
        "facts": {},
        "clip": "",
        "language": "zh",
        "at": AT + 5,
        "offset_s": 5.0,
        "consent": False,
        "said": "",
    }
    return {**plain, **more}


class TestSessions:
    async def test_what_is_saved_is_loaded(self, ports: FlowPorts) -> None:
        assert await ports.sessions.load("call-1") is None
        assert await ports.sessions.save("call-1", state(), 0)
        assert await ports.sessions.load("call-1") == (state(), 1)
        moved = state(node="q1", answers={"q0": None}, at=AT + 3)
        assert await ports.sessions.save("call-1", moved, 1)
        loaded = await ports.sessions.load("call-1")
        assert loaded is not None
        assert State.from_json(dict(loaded[0])) == State.from_json(moved)
        await ports.sessions.forget("call-1")
        assert await ports.sessions.load("call-1") is None

    @pytest.mark.parametrize("revision", [0, 2, 7])
    async def test_a_step_that_read_another_revision_changes_nothing(
        self, ports: FlowPorts, revision: int
    ) -> None:
        await ports.sessions.save("call-1", state(), 0)
        late = state(node="refused")
        assert not await ports.sessions.save_step("call-1", late, revision, [answer("q1")])
        assert await ports.sessions.load("call-1") == (state(), 1)
        assert (await ports.sessions.session("call-1")).answers == ()

    async def test_of_many_steps_at_once_one_wins(self, ports: FlowPorts) -> None:
        begun = await asyncio.gather(
            *(ports.sessions.save_step("call-1", state(tries=n), 0, [answer("q1", str(n))]) for n in range(8))
        )
        moved = await asyncio.gather(
            *(ports.sessions.save_step("call-1", state(tries=n), 1, [answer("q2", str(n))]) for n in range(8))
        )
        assert (sum(begun), sum(moved)) == (1, 1)
        call = await ports.sessions.session("call-1")
        assert [one.value for one in call.answers] == [str(begun.index(True)), str(moved.index(True))]
        assert call.revision == 2

    async def test_the_end_of_a_call_and_its_checks(self, ports: FlowPorts) -> None:
        await ports.sessions.save("call-1", state(), 0)
        assert [each[0] for each in await ports.sessions.open_sessions(NOW)] == ["call-1"]
        checks = {"right_person": True, "disclosed": False}
        end = {"do": "ended", "result": "completed", "node": "closing", "seconds": 90.0, "checks": checks}
        settled = {"do": "save_answer", **answer("q9", None, "not_asked")}
        over = state(ended="completed", wait="", at=AT + 90, commands=[settled, {"do": "hang_up"}, end])
        assert await ports.sessions.save("call-1", over, 1)
        call = await ports.sessions.session("call-1")
        assert (call.result, call.ended_at) == ("completed", NOW + timedelta(seconds=90))
        assert call.checks == {"right_person": True, "disclosed": False}
        assert [(one.question, one.status) for one in call.answers] == [("q9", "not_asked")]
        assert await ports.sessions.open_sessions(NOW) == []

    async def test_a_call_that_is_not_there(self, ports: FlowPorts) -> None:
        with pytest.raises(NotFound, match="no call 'x'"):
            await ports.sessions.session("x")


class TestAnswers:
    async def test_everything_of_an_answer_is_kept_and_in_its_order(self, ports: FlowPorts) -> None:
        consent = answer("agree", "yes", consent=True, said="Do you agree?", facts={"aware": True}, clip="c1")
        await ports.sessions.save_step(
            "call-1",
            state(answers={"q7": ["a", "b"], "q2": None}),
            0,
            [answer("q7", ["a", "b"]), answer("q2", None, "refused")],
        )
        await ports.sessions.save_step(
            "call-1", state(answers={"q7": ["a", "b"], "q2": None, "agree": "yes"}), 1, [consent]
        )
        stored = (await ports.sessions.session("call-1")).answers
        assert [(one.question, one.status, one.value) for one in stored] == [
            ("q7", "answered", ["a", "b"]),
            ("q2", "refused", None),
            ("agree", "answered", "yes"),
        ]
        last = stored[-1]
        assert (last.consent, last.said, last.facts, last.clip) == (
            True,
            "Do you agree?",
            {"aware": True},
            "c1",
        )
        assert (last.at, last.offset_s, last.language) == (NOW + timedelta(seconds=5), 5.0, "zh")

    async def test_the_first_answer_stands(self, ports: FlowPorts) -> None:
        await ports.sessions.save("call-1", state(), 0)
        await ports.answers.save("call-1", answer("q1", 7))
        await ports.answers.save("call-1", answer("q1", 8))
        assert [one.value for one in (await ports.sessions.session("call-1")).answers] == [7]

    async def test_an_answer_without_its_call_is_refused(self, ports: FlowPorts) -> None:
        with pytest.raises(Conflict):
            await ports.answers.save("nobody", answer("q1"))


class TestFlows:
    async def test_a_published_flow_comes_out_as_it_went_in(self, store: PostgresStore) -> None:
        assert await publish_flow(store.ivr_flows, SURVEY, NOW, "ana")
        assert not await publish_flow(store.ivr_flows, SURVEY, NOW, "ana")
        shelf = FlowShelf(store.ivr_flows)
        assert (await shelf.flow("survey")).version == SURVEY.version
        assert (await shelf.flow("survey", SURVEY.version[:8])).version == SURVEY.version
        (listed,) = await store.ivr_flows.published()
        assert (listed.flow, listed.by, listed.versions, listed.calls) == ("survey", "ana", 1, 0)

    async def test_a_document_that_is_not_what_its_hash_says_is_refused(self, store: PostgresStore) -> None:
        wrong = FlowPublication("survey", hashlib.sha256(b"{}").hexdigest(), NOW)
        with pytest.raises(Conflict):
            await store.ivr_flows.publish(wrong, b"{ }")

    @pytest.mark.parametrize("version", ["abc", "ffffff", "%%%%%%", "......"])
    async def test_versions_that_are_not_there(self, store: PostgresStore, version: str) -> None:
        await publish_flow(store.ivr_flows, SURVEY, NOW, "ana")
        with pytest.raises(NotFound):
            await store.ivr_flows.document("survey", version)


class TestRequests:
    async def test_the_same_request_twice_is_one(self, ports: FlowPorts, store: PostgresStore) -> None:
        first = await ports.callbacks.request("call-1", "2025550100", None, "service", "a bill")
        again = await ports.callbacks.request("call-1", "2025550100", None, "service", "a bill")
        other = await ports.callbacks.request("call-1", "2025550100", NOW, "service", "a bill")
        assert first == again != other
        assert len({first.reference, other.reference}) == 2
        assert all(luhn(each.reference) for each in (first, other))
        kept = await store.ivr_requests.requests(RequestKind.CALLBACK, RequestState.OPEN, 10)
        assert {(one.reference, one.number, one.queue, one.about) for one in kept} == {
            (first.reference, "2025550100", "service", "a bill"),
            (other.reference, "2025550100", "service", "a bill"),
        }

    async def test_at_once(self, ports: FlowPorts) -> None:
        told = await asyncio.gather(
            *(ports.messages.send("call-1", "+12025550100", "Hello") for _ in range(8))
        )
        assert len({each.reference for each in told}) == 1

    async def test_voicemails_and_messages(self, ports: FlowPorts, store: PostgresStore) -> None:
        left = await ports.voicemails.leave("call-1", "sales", "clip-9", 12.5, "anonymous")
        sent = await ports.messages.send("call-1", "+12025550100", "您好")
        kept = {one.reference: one for one in await store.ivr_requests.requests(None, None, 10)}
        assert (kept[left.reference].box, kept[left.reference].clip, kept[left.reference].seconds) == (
            "sales",
            "clip-9",
            12.5,
        )
        assert kept[sent.reference].words == "您好"
        assert await store.ivr_requests.settle(sent.reference, RequestState.DONE, "ana", "", NOW)
        assert not await store.ivr_requests.settle(sent.reference, RequestState.DONE, "ana", "", NOW)
        assert not await store.ivr_requests.settle("000000", RequestState.DONE, "ana", "", NOW)

    async def test_what_the_fallback_left_is_taken_once(self, store: PostgresStore) -> None:
        left = SpooledCallback(uuid4(), NOW, "2025550123", "2025550100", "95000", "en", "1.2")
        assert await store.ivr_requests.take_spooled(left)
        assert not await store.ivr_requests.take_spooled(left)
        (kept,) = await store.ivr_requests.requests(RequestKind.CALLBACK, RequestState.OPEN, 10)
        assert (kept.source, kept.number, kept.requested_at) == ("fallback", "2025550123", NOW)


def luhn(reference: str) -> bool:
    digits = [int(one) for one in reversed(reference)]
    doubled = [sum(divmod(2 * digit, 10)) if nth % 2 else digit for nth, digit in enumerate(digits)]
    return len(reference) >= 6 and sum(doubled) % 10 == 0


@pytest.mark.parametrize(("given", "made"), [(1, "000018"), (7992739871, "79927398713"), (123456, "1234566")])
async def test_a_reference_has_a_check_digit(store: PostgresStore, given: int, made: str) -> None:
    assert await store.pool.fetchval("select spoken_reference($1)", given) == made
    assert luhn(made)


class TestOptOuts:
    async def listed(self, store: PostgresStore, who: PhoneNumber) -> set[int | None]:
        return {entry.campaign for entry in await store.do_not_call.do_not_call(who)}

    async def call_of(self, rig: Rig, ports: FlowPorts) -> PhoneNumber:
        """A campaign's call that came into a flow."""
        await rig.add(person(1))
        dialled = await rig.dial()
        await ports.sessions.save("call-1", state(), 0)
        await ports.sessions.link("call-1", dialled.attempt)
        return number(1)

    async def seller(self, rig: Rig, name: str, seller: str) -> CampaignId:
        plan = CampaignPlan(name, TRUNK, rules=CampaignRules(seller=seller))
        return await rig.store.campaigns.create_campaign(plan, NOW)

    @pytest.mark.parametrize("scope", ["all", "marketing", "campaign", "client"])
    async def test_a_caller_of_no_campaign_is_called_by_none(
        self, rig: Rig, ports: FlowPorts, scope: str
    ) -> None:
        consent = Consent(number(1), GivenKind.EXPRESS, NOW - timedelta(days=1), "web form")
        await rig.store.consent.add_consents([consent], "test", NOW)
        told = await ports.opt_outs.register("call-9", "2025000001", scope)
        assert told.ok
        assert luhn(told.reference)
        assert await self.listed(rig.store, number(1)) == {None}
        (kept,) = await rig.store.consent.consents(number(1))
        assert kept.revoked_at is not None
        assert len(await rig.store.consent.revocations(number(1))) == 1
        (request,) = await rig.store.ivr_requests.requests(RequestKind.OPT_OUT, None, 10)
        assert (request.reference, request.scope, request.state) == (
            told.reference,
            scope,
            RequestState.DONE,
        )

    async def test_of_one_campaign_leaves_the_others(self, rig: Rig, ports: FlowPorts) -> None:
        who = await self.call_of(rig, ports)
        consent = Consent(who, GivenKind.EXPRESS, NOW - timedelta(days=1), "web form")
        await rig.store.consent.add_consents([consent], "test", NOW)
        await ports.opt_outs.register("call-1", who.e164, "campaign")
        assert await self.listed(rig.store, who) == {rig.campaign}
        assert (await rig.store.consent.consents(who))[0].revoked_at is None
        (contact,) = await rig.store.contacts.contacts(rig.campaign, None, 10)
        assert contact.state is ContactState.BLOCKED

    async def test_of_a_client_is_of_all_campaigns_of_the_client(
        self, store: PostgresStore, ports: FlowPorts
    ) -> None:
        rig = await Rig.set_up(store, "one")
        await store.pool.execute("update campaigns set plan = jsonb_set(plan, '{rules,seller}', '\"Acme\"')")
        same, other = await self.seller(rig, "two", "acme "), await self.seller(rig, "three", "Other")
        who = await self.call_of(rig, ports)
        await ports.opt_outs.register("call-1", who.e164, "client")
        assert await self.listed(store, who) == {rig.campaign, same}
        (revoked,) = await store.consent.revocations(who)
        assert revoked.seller.strip() == "Acme"
        assert other not in await self.listed(store, who)

    async def test_twice_is_once(self, ports: FlowPorts, store: PostgresStore) -> None:
        told = await asyncio.gather(
            *(ports.opt_outs.register("call-1", "2025000001", "all") for _ in range(4))
        )
        assert len({each.reference for each in told}) == 1
        assert await self.listed(store, number(1)) == {None}

    @pytest.mark.parametrize("written", ["", "anonymous", "12", "+1202"])
    async def test_what_is_no_number_is_refused(self, ports: FlowPorts, written: str) -> None:
        told = await ports.opt_outs.register("call-1", written, "all")
        assert (told.ok, told.reference) == (False, "")

    async def test_it_waits_for_the_gate(self, ports: FlowPorts, store: PostgresStore) -> None:
        """Who is in the gate may be dialling the number: the list changes when they are out."""
        async with store.pool.acquire() as inside, inside.transaction():
            await inside.execute("select pg_advisory_xact_lock(hashtextextended('fairdial gate', 0))")
            waiting = asyncio.ensure_future(ports.opt_outs.register("call-1", "2025000001", "all"))
            done, _ = await asyncio.wait([waiting], timeout=0.3)
            assert not done
        assert (await waiting).ok


class TestRoutes:
    async def test_a_route_comes_out_as_it_went_in(self, store: PostgresStore) -> None:
        route = Route(
            "+12025550100",
            "hotline",
            "America/New_York",
            5,
            weekdays=frozenset({0, 4}),
            hours=read_hours(["09:00-12:00", "22:00-06:00"]),
            calendar="US",
            on_holiday=OnHoliday.NEVER,
            note="the main number",
        )
        made, new = await store.inbound.set_route(route, NOW, "ana")
        closed = Route("*", "closed", "UTC", closed=True)
        await store.inbound.set_route(closed, NOW, "ana")
        again, still_new = await store.inbound.set_route(route, NOW, "ana")
        assert (new, still_new, made) == (True, False, again)
        found = await store.inbound.routes_of("+12025550100")
        assert [each.flow for each in found] == ["hotline", "closed"]
        assert found[0] == Route(**{**_fields(route), "id": made})
        assert len(await store.inbound.routes()) == 2
        assert await store.inbound.remove_route(made)
        assert not await store.inbound.remove_route(made)


def _fields(route: Route) -> Mapping[str, Any]:
    return {name: getattr(route, name) for name in Route.__dataclass_fields__}


class TestPrivacy:
    """What is held of a caller is found by the number, and goes when the caller asks."""

    WHO = PhoneNumber("+12025550100")

    async def call(self, ports: FlowPorts) -> None:
        said = answer("remarks", "call-1-9.wav", clip="call-1-9.wav")
        await ports.sessions.save_step(
            "call-1", state(answers={"q1": 1, "remarks": 1}), 0, [answer("q1"), said]
        )
        await ports.sessions.save("call-1", state(ended="completed", wait=""), 1)
        await ports.callbacks.request("call-1", "+12025550100", None, "service", "my broken leg")
        await ports.voicemails.leave("call-2", "sales", "call-2-3.wav", 4, "+12025550100")

    async def test_everything_is_found(self, ports: FlowPorts, store: PostgresStore) -> None:
        await self.call(ports)
        found = await store.privacy.file_on_number(self.WHO)
        assert {name: len(rows) for name, rows in found.items()} == {
            "flow_calls": 1,
            "flow_answers": 2,
            "flow_requests": 2,
        }
        on_file = await store.privacy.flow_calls_on_file(self.WHO, NOW.date())
        assert [each.clips for each in on_file if each.call == "call-1"] == [("call-1-9.wav",)]
        assert len(on_file) == 2

    async def test_what_goes_and_what_stays(self, ports: FlowPorts, store: PostgresStore) -> None:
        await self.call(ports)
        on_file = await store.privacy.flow_calls_on_file(self.WHO, NOW.date())
        await store.privacy.erase_flow_calls(self.WHO, [each.call for each in on_file])
        assert await store.privacy.file_on_number(self.WHO) == {}
        kept = await ports.sessions.session("call-1")
        assert kept.caller.startswith("erased-")
        assert [(one.question, one.value, one.clip) for one in kept.answers] == [
            ("q1", "other", ""),
            ("remarks", None, ""),
        ]
        rows = await store.pool.fetch("select to_jsonb(s)::text from ivr_sessions s")
        rows += await store.pool.fetch("select to_jsonb(r)::text from ivr_requests r")
        everything = " ".join(row[0] for row in rows)
        for trace in ("2025550100", "broken leg", "Kim", ".wav"):
            assert trace not in everything

    async def test_a_hold_is_told(self, ports: FlowPorts, store: PostgresStore) -> None:
        await self.call(ports)
        await store.privacy.add_hold(Hold("a case", number=self.WHO), "ana", NOW)
        assert {each.held for each in await store.privacy.flow_calls_on_file(self.WHO, NOW.date())} == {
            "a case"
        }
