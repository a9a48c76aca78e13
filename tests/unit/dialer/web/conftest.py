import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.holiday_calendars import FixedHolidays
from dialer.compliance.rulebook import Rulebook
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan, CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.explainer import Explainer
from dialer.engine.gatekeeper import Gatekeeper
from dialer.flows import publish_flow
from dialer.ports.dialling import DialFacts
from dialer.ports.storage import AttemptView, ContactView, RecordingView
from dialer.rulebook.load import load_rules
from dialer.simulation.lawless import NoRegistries
from dialer.web.app import build_app
from dialer.web.deps import WebDeps
from ivr.flow.model import Flow
from ivr.samples import sample
from tests.support.fake_floor import LIVE_CALL, NOON, FakeFloor, afternoon
from tests.support.fake_store import FakeClock, FakeFiles, FakeIntake, FakeStore
from tests.support.memory_ivr import interview, ivr_call

Client = TestClient[web.Request, web.Application]

ENDED_CALL = AttemptId(UUID("00000000-0000-4000-8000-0000000000bb"))
RECORDING = UUID("00000000-0000-4000-8000-0000000000cc")
NUMBER = PhoneNumber("+12025550123")
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass
class Served:
    client: Client
    store: FakeStore
    floor: FakeFloor
    clock: FakeClock
    app: web.Application

    def as_role(self, role: str, agent: int | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.store.users.token_for(role, agent)}"}

    async def get(self, path: str, role: str = "admin") -> tuple[int, Any]:
        async with self.client.get(path, headers=self.as_role(role)) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(
        self, path: str, body: Any = None, role: str = "admin", agent: int | None = None
    ) -> tuple[int, Any]:
        async with self.client.post(path, json=body, headers=self.as_role(role, agent)) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


@pytest.fixture
async def store(tmp_path: Path) -> FakeStore:
    """One campaign, contact, agent 1 with an ended and a live call, and a recording."""
    store = FakeStore()
    await store.campaigns.create_campaign(CampaignPlan("spring", TrunkName("main")), NOON)
    await store.agents.add_agent("Ana", "ana", NOON)
    contact = ContactId(1)
    store.contacts.rows[contact] = ContactView(
        contact, CampaignId(1), "Kim", ContactState.DONE, None, 1, "", (NUMBER,)
    )
    for attempt, state in ((ENDED_CALL, AttemptState.ENDED), (LIVE_CALL, AttemptState.TALKING)):
        store.history.rows[attempt] = attempt_view(attempt, state)
    await publish_flow(store.ivr_flows, _survey(), NOON, "ana")
    store.ivr_calls.rows = [interview(nth) for nth in range(3)]
    store.ivr_calls.calls["call-1"] = ivr_call("call-1")
    name = f"{ENDED_CALL}-1.wav"
    write_silence(tmp_path / name)
    store.recordings.rows[RECORDING] = recording_view(name)
    return store


@cache
def _survey() -> Flow:
    return sample("survey")


@cache
def _rules() -> Rulebook:
    return load_rules().book


def _explainer(store: FakeStore, clock: FakeClock) -> Explainer:
    keeper = Gatekeeper(CallRulesBook(_rules()), NoRegistries(), FixedHolidays(()), clock)
    contact = ContactId(1)
    store.gate.facts[contact] = DialFacts(
        contact, CampaignId(1), CampaignState.DRAFT, NUMBER, ("America/New_York",), 1
    )
    return Explainer(store, keeper, {TrunkName("main"): "+12025550100"})


@pytest.fixture
async def served(store: FakeStore, tmp_path: Path) -> AsyncIterator[Served]:
    floor, clock = FakeFloor(afternoon()), FakeClock()
    deps = WebDeps(
        store,
        floor,
        clock,
        FakeFiles(tmp_path),
        FakeIntake(),
        rules=_rules(),
        explainer=_explainer(store, clock),
        flows=store.ivr_flows.shelf,
    )
    app = build_app(deps, hasher=QUICK_HASHER)
    async with TestClient(TestServer(app)) as client:
        yield Served(client, store, floor, clock, app)


def attempt_view(attempt: AttemptId, state: AttemptState, agent: int | None = 1) -> AttemptView:
    ended = state is AttemptState.ENDED
    return AttemptView(
        id=attempt,
        campaign=CampaignId(1),
        contact=ContactId(1),
        number=NUMBER,
        state=state,
        disposition=Disposition.CONNECTED if ended else None,
        because="talked with an agent" if ended else "",
        trunk=TrunkName("main"),
        agent=AgentId(agent) if agent is not None else None,
        claimed_at=NOON,
        dialled_at=NOON,
        rang_at=NOON + timedelta(seconds=2),
        answered_at=NOON + timedelta(seconds=9),
        joined_at=NOON + timedelta(seconds=9),
        left_at=NOON + timedelta(seconds=60) if ended else None,
        message_at=None,
        ended_at=NOON + timedelta(seconds=60) if ended else None,
        cause=HangupCause(16, None, "Normal Clearing"),
        ended_by_us=False if ended else None,
        note="",
    )


def recording_view(name: str) -> RecordingView:
    return RecordingView(
        id=RECORDING,
        attempt=ENDED_CALL,
        part=1,
        state="stored",
        name=name,
        started_at=NOON,
        talk=timedelta(seconds=51),
        duration=timedelta(seconds=51),
        bytes=1644,
        sha256="0" * 64,
        caller_dbfs=-20.0,
        agent_dbfs=None,
        problem="",
    )


def write_silence(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0" * 1600)


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # what is waited for has no event of its own


__all__ = ["AgentState", "Client", "Served", "until"]
