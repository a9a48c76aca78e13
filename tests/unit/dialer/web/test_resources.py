"""What each resource promises beyond access and problems."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, CampaignId
from dialer.web.routes import contacts
from tests.support.fake_floor import NOON
from tests.unit.dialer.web.conftest import ENDED_CALL, NUMBER, RECORDING, Served

pytestmark = pytest.mark.unit


async def test_a_campaign_is_created_changed_started_and_audited(served: Served) -> None:
    assert await served.post("/api/v1/campaigns", {"name": "autumn", "trunk": "main"}) == (201, {"id": 2})
    headers = served.as_role("supervisor")
    change = {"wrap_up_s": 40, "hours": {"start": "09:00", "end": "18:00", "weekdays": [0, 1]}}
    async with served.client.patch("/api/v1/campaigns/2", json=change, headers=headers) as answer:
        plan = (await answer.json())["plan"]
    assert plan["wrap_up_s"] == 40
    assert plan["hours"] == change["hours"]
    assert plan["ring_for_s"] == 20
    status, moved = await served.post("/api/v1/campaigns/2/start")
    assert (status, moved["state"]) == (200, "running")
    actions = ["campaign.create", "campaign.change_plan", "campaign.start"]
    assert [line.action for line in served.store.users.audited] == actions


async def test_pacing_is_chosen_and_changed_field_by_field(served: Served) -> None:
    pacing = {"mode": "power", "lines_per_agent": 2, "day_cap": 0.01}
    new = {"name": "autumn", "trunk": "main", "hours": {"end": "18:00"}, "pacing": pacing}
    assert (await served.post("/api/v1/campaigns", new))[0] == 201
    headers = served.as_role("supervisor")
    change = {"hours": {"start": "09:00"}, "pacing": {"mode": "predictive"}}
    async with served.client.patch("/api/v1/campaigns/2", json=change, headers=headers) as answer:
        plan = (await answer.json())["plan"]
    assert plan["pacing"] == {
        "mode": "predictive",
        "lines_per_agent": 2,
        "weight": 1,
        "least_lines": 0,
        "day_cap": 0.01,
        "period_cap": 0.03,
        "half_hour_cap": 0.05,
        "preview_for_s": 30,
    }
    assert (plan["hours"]["start"], plan["hours"]["end"]) == ("09:00", "18:00")


async def test_an_agentless_campaign_is_given_its_message_and_loses_it_again(served: Served) -> None:
    new = {
        "name": "survey",
        "trunk": "main",
        "message": "fairdial/survey-en",
        "pacing": {"mode": "agentless"},
    }
    assert (await served.post("/api/v1/campaigns", new))[0] == 201
    headers = served.as_role("supervisor")
    for message in ("fairdial/survey-zh", None):
        change = {"message": message}
        async with served.client.patch("/api/v1/campaigns/2", json=change, headers=headers) as answer:
            plan = (await answer.json())["plan"]
        assert (plan["message"], plan["abandoned_message"]) == (message, "fairdial/abandoned-en")


@pytest.mark.parametrize(
    "change", [{"pacing": None}, {"pacing": {"mode": "warp"}}, {"pacing": {"period_cap": 3}}]
)
async def test_a_change_of_pacing_that_cannot_be_is_refused(served: Served, change: dict[str, Any]) -> None:
    headers = served.as_role("supervisor")
    async with served.client.patch("/api/v1/campaigns/1", json=change, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error_id"]) == (422, "bad-input")


@pytest.mark.parametrize(
    "plan",
    [
        {"ring_for_s": 5},
        {"hours": {"start": "21:00", "end": "08:00"}},
        {"hours": {"weekdays": []}},
        {"retry": {"asleep": {"delay_s": 1, "most": 1}}},
        {"caller_id": "anonymous\r\nX: y"},
        {"abandoned_message": "../../etc/passwd"},
        {"message": "../../etc/passwd"},
        {"most_attempts": 0},
        {"pacing": {"mode": "warp"}},
        {"pacing": {"day_cap": 0.5}},
        {"pacing": {"lines_per_agent": 0}},
        {"pacing": {"lines": 3}},
    ],
)
async def test_an_unlawful_or_unsafe_plan_is_refused(served: Served, plan: dict[str, Any]) -> None:
    status, problem = await served.post("/api/v1/campaigns", {"name": "x", "trunk": "main", **plan})
    assert (status, problem["error_id"]) == (422, "bad-input")


async def test_a_taken_name_is_a_conflict(served: Served) -> None:
    status, _ = await served.post("/api/v1/campaigns", {"name": "spring", "trunk": "main"})
    assert status == 409


async def test_contacts_come_in_pages_by_key(served: Served) -> None:
    row = served.store.contacts.rows[next(iter(served.store.contacts.rows))]
    for number in (2, 3):
        served.store.contacts.rows[type(row.id)(number)] = replace(row, id=type(row.id)(number))
    _, first = await served.get("/api/v1/campaigns/1/contacts?limit=2")
    assert [contact["id"] for contact in first["contacts"]] == [1, 2]
    _, second = await served.get(f"/api/v1/campaigns/1/contacts?limit=2&after={first['next_after']}")
    assert [contact["id"] for contact in second["contacts"]] == [3]
    assert second["next_after"] is None


async def test_a_contact_is_reopened_now_unless_a_time_is_given(served: Served) -> None:
    assert (await served.post("/api/v1/contacts/1/reopen", {}))[1]["state"] == "ready"
    _, contact = await served.get("/api/v1/contacts/1")
    assert contact["due_at"] == "2026-03-02T15:00:00Z"
    assert (await served.post("/api/v1/contacts/1/block", {"because": "asked by letter"}))[1][
        "state"
    ] == "blocked"


async def test_a_list_is_uploaded_and_summed_up(served: Served) -> None:
    csv = b"number\n" + b"+12025550123\n" * 100_000
    async with served.client.post(
        "/api/v1/campaigns/1/lists?source=march.csv",
        data=io.BytesIO(csv),
        headers=served.as_role("supervisor"),
    ) as answer:
        summary = await answer.json()
    assert summary == {
        "read": 100_001,
        "taken": 100_000,
        "refused": 1,
        "rows": [{"line": 1, "because": "not a phone number"}],
    }


async def test_an_endless_upload_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "MOST_UPLOAD", 1000)

    async def chunks() -> Any:
        for _ in range(10):
            yield b"x" * 500

    headers = served.as_role("supervisor")
    async with served.client.post("/api/v1/campaigns/1/lists", data=chunks(), headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    ("verb", "wish"),
    [
        ("login", AgentState.READY),
        ("resume", AgentState.READY),
        ("pause", AgentState.PAUSED),
        ("logout", AgentState.LOGGED_OUT),
    ],
)
async def test_an_agent_asks_for_a_state(served: Served, verb: str, wish: AgentState) -> None:
    status, _ = await served.post(f"/api/v1/agents/1/{verb}", {"reason": "lunch"}, role="agent", agent=1)
    assert status == 204
    agent = served.store.agents.rows[AgentId(1)]
    assert (agent.wish, agent.wish_reason) == (wish, "lunch")


async def test_an_agent_needs_no_body_to_log_in(served: Served) -> None:
    async with served.client.post("/api/v1/agents/1/login", headers=served.as_role("agent", 1)) as answer:
        assert answer.status == 204


class TestTheAgentsWord:
    async def _say(self, served: Served, **word: Any) -> tuple[int, Any]:
        return await served.post(f"/api/v1/attempts/{ENDED_CALL}/result", word, role="agent", agent=1)

    async def test_a_call_back_puts_the_contact_at_its_time(self, served: Served) -> None:
        at = NOON + timedelta(days=1)
        status, noted = await self._say(served, result="callback", callback_at=at.isoformat())
        assert (status, noted["contact_state"], noted["due_at"]) == (200, "ready", "2026-03-03T15:00:00Z")
        assert served.store.history.noted == [(ENDED_CALL, Disposition.CALLBACK, ContactState.READY, at)]

    async def test_who_is_abroad_is_left_in_peace_by_every_campaign_until_the_return(
        self, served: Served
    ) -> None:
        back = NOON + timedelta(days=20)
        _, noted = await self._say(served, result="abroad", callback_at=back.isoformat())
        assert (noted["contact_state"], noted["due_at"]) == ("ready", "2026-03-22T15:00:00Z")
        (entry,) = served.store.do_not_call.rows
        assert (entry.number, entry.campaign, entry.expires_at) == (NUMBER, None, back)

    async def test_who_is_abroad_and_does_not_say_until_when_is_tried_in_two_weeks(
        self, served: Served
    ) -> None:
        _, noted = await self._say(served, result="abroad")
        assert (noted["contact_state"], noted["due_at"]) == ("ready", "2026-03-16T15:01:00Z")
        assert not served.store.do_not_call.rows

    async def test_do_not_call_blocks_the_contact_and_lists_the_number(self, served: Served) -> None:
        _, noted = await self._say(served, result="do_not_call")
        assert noted["contact_state"] == "blocked"
        assert [(entry.number, entry.campaign) for entry in served.store.do_not_call.rows] == [(NUMBER, None)]

    async def test_a_wrong_number_without_another_exhausts_the_contact(self, served: Served) -> None:
        assert (await self._say(served, result="wrong_number"))[1]["contact_state"] == "exhausted"

    async def test_a_machine_is_tried_again_later(self, served: Served) -> None:
        _, noted = await self._say(served, result="machine")
        assert (noted["contact_state"], noted["due_at"]) == ("ready", "2026-03-02T19:01:00Z")

    async def test_a_connected_call_ends_the_contact(self, served: Served) -> None:
        _, noted = await self._say(served, result="connected", note="说好了")
        assert (noted["contact_state"], noted["due_at"]) == ("done", None)

    async def test_who_is_not_interested_is_done_with_and_on_no_list(self, served: Served) -> None:
        _, noted = await self._say(served, result="not_interested")
        assert (noted["disposition"], noted["contact_state"]) == ("not_interested", "done")
        assert not served.store.do_not_call.rows

    @pytest.mark.parametrize(
        "word",
        [
            {"result": "callback"},
            {"result": "callback", "callback_at": "2026-03-01T00:00:00Z"},
            {"result": "callback", "callback_at": "2030-03-01T00:00:00Z"},
            {"result": "machine", "callback_at": "2026-03-03T00:00:00Z"},
            {"result": "abandoned"},
        ],
    )
    async def test_an_impossible_word_is_refused(self, served: Served, word: dict[str, Any]) -> None:
        assert (await self._say(served, **word))[0] == 422
        assert served.store.history.noted == []

    async def test_there_is_no_word_on_a_call_that_goes_on(self, served: Served) -> None:
        served.store.history.rows[ENDED_CALL] = replace(served.store.history.rows[ENDED_CALL], ended_at=None)
        assert (await self._say(served, result="machine"))[0] == 409


async def test_an_attempt_comes_with_its_timeline(served: Served) -> None:
    _, answer = await served.get(f"/api/v1/attempts/{ENDED_CALL}")
    assert answer["attempt"]["number"] == "+12025550123"
    assert answer["timeline"] == [{"at": "2026-03-02T15:00:00Z", "kind": "dialled", "detail": "on main"}]


class TestAudio:
    async def _get(self, served: Served, **headers: str) -> tuple[int, bytes, str]:
        path = f"/api/v1/recordings/{RECORDING}/audio"
        sent = served.as_role("supervisor") | headers
        async with served.client.get(path, headers=sent) as answer:
            return answer.status, await answer.read(), answer.headers.get("Content-Range", "")

    async def test_comes_whole_or_in_ranges(self, served: Served) -> None:
        status, whole, _ = await self._get(served)
        assert (status, whole[:4], len(whole)) == (200, b"RIFF", 1644)
        assert await self._get(served, Range="bytes=4-7") == (206, whole[4:8], "bytes 4-7/1644")
        assert await self._get(served, Range="bytes=-10") == (206, whole[-10:], "bytes 1634-1643/1644")

    async def test_a_range_beyond_the_end_is_416(self, served: Served) -> None:
        assert (await self._get(served, Range="bytes=99999-"))[0] == 416

    async def test_nonsense_as_range_is_no_surprise(self, served: Served) -> None:
        assert (await self._get(served, Range="bytes=z-\t-9"))[0] in (200, 416)

    async def test_who_listened_is_audited_once_per_playback(self, served: Served) -> None:
        await self._get(served, Range="bytes=0-99")
        await self._get(served, Range="bytes=100-199")
        assert served.store.users.actions()["recording.download"] == 1

    async def test_a_file_that_has_gone_is_404(self, served: Served) -> None:
        view = served.store.recordings.rows[RECORDING]
        served.store.recordings.rows[RECORDING] = replace(view, name="gone.wav")
        assert (await self._get(served))[0] == 404


async def test_a_number_goes_on_and_off_the_do_not_call_list(served: Served) -> None:
    written = {"number": "(202) 555-0123"}
    assert await served.post("/api/v1/do-not-call", {**written, "reason": "letter"}) == (
        200,
        {"changed": True},
    )
    assert (await served.post("/api/v1/do-not-call", written))[1] == {"changed": False}
    _, answer = await served.post("/api/v1/do-not-call/check", written)
    assert (answer["listed"], answer["number"]) == (True, "+12025550123")
    assert (await served.post("/api/v1/do-not-call/remove", written))[1] == {"changed": True}
    assert (await served.post("/api/v1/do-not-call/check", written))[1]["listed"] is False
    assert "2025550123" not in str(served.store.users.audited)


async def test_an_entry_of_one_campaign_does_not_count_for_another(served: Served) -> None:
    await served.post("/api/v1/campaigns", {"name": "autumn", "trunk": "main"})
    await served.post("/api/v1/do-not-call", {"number": "+12025550123", "campaign": CampaignId(1)})
    _, answer = await served.post("/api/v1/do-not-call/check", {"number": "+12025550123", "campaign": 2})
    assert answer["listed"] is False


async def test_a_number_that_is_none_is_refused(served: Served) -> None:
    status, problem = await served.post("/api/v1/do-not-call", {"number": "hello"})
    assert (status, problem["field"]) == (422, "number")


async def test_the_page_allows_no_foreign_and_no_inline_script(served: Served) -> None:
    for path in ("/", "/static/page.js", "/static/page.css", "/static/words.zh.json", "/static/icon.svg"):
        async with served.client.get(path) as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'")
            assert "unsafe" not in policy
            etag = answer.headers["ETag"]
        async with served.client.get(path, headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304


async def test_a_contact_and_an_attempt_are_explained(served: Served) -> None:
    status, told = await served.get("/api/v1/contacts/1/explanation", "supervisor")
    assert status == 200
    assert told["verdict"]["refusal"]["reason"] == "campaign_not_running"
    assert "us_ftc_tsr" in {each["profile"] for each in told["verdict"]["rules"]}
    assert told["next_at"] is None
    status, told = await served.get(f"/api/v1/attempts/{ENDED_CALL}/explanation", "supervisor")
    assert status == 200
    assert told["decided_by"] is None  # from before such was kept
    assert told["then"]["checks"][0]["check"] == "clock"
    assert told["contact"]["contact"] == 1


async def test_rules_of_a_campaign_are_read_and_changed_and_overrides_are_not_made_here(
    served: Served,
) -> None:
    wanted = {"name": "x", "trunk": "main", "rules": {"purposes": ["research"], "home": ["us_regf"]}}
    status, made = await served.post("/api/v1/campaigns", wanted)
    assert status == 201
    status, plan = await served.get(f"/api/v1/campaigns/{made['id']}")
    assert (plan["plan"]["rules"]["purposes"], plan["plan"]["rules"]["home"]) == (["research"], ["us_regf"])
    assert (await served.post("/api/v1/campaigns", wanted | {"name": "y", "rules": {"overrides": []}}))[
        0
    ] == 422
    unknown = wanted | {"name": "z", "rules": {"home": ["us_ftc"]}}
    status, problem = await served.post("/api/v1/campaigns", unknown)
    assert status == 422
    assert "us_ftc_tsr" in json.dumps(problem)
