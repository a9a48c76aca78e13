"""The real service as a program of its own, on a call centre and a database of its own."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from pydantic import SecretStr

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, CampaignId, TrunkName
from dialer.domain.number_reader import NumberReader
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.errors import StorageDown
from dialer.lab import processes
from dialer.lab.centre import CallCentre
from dialer.lab.environment import as_environment
from dialer.lab.ports import Ports
from dialer.lab.world.call_records import CallRecord
from dialer.ports.storage import AttemptView, ContactView, RecordingView
from dialer.settings import Settings
from dialer.storage.postgres.store import PostgresStore
from tests.support.database import drop_database, fresh_database
from tests.support.exchange import ALL_DAY

Found = TypeVar("Found")
ENDS_WITH_ANY_RESULT: Mapping[Disposition, Any] = {}
"""Retry rules under which every contact is dialled once."""
PLAN = CampaignPlan(
    "test",
    TrunkName("carrier"),
    hours=ALL_DAY,
    ring_for=timedelta(seconds=16),
    wrap_up=timedelta(0),
    retry=ENDS_WITH_ANY_RESULT,
    pacing=PacingPlan(PacingMode.PROGRESSIVE),
    rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),  # at any hour, without a registry
)
GENEROUS_S = 60.0


class Program:
    """One `python -m dialer serve`. Its log goes on over restarts."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings, self.log = settings, log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        command = processes.dies_with_parent([sys.executable, "-m", "dialer", "serve"])
        self._process = processes.start(command, self.log, as_environment(self.settings))

    def kill(self) -> None:
        """As in a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> None:
        """Ask it to end; `running` tells when it did."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def parts(self) -> dict[str, bool]:
        """Which parts work, by /readyz; empty while nobody listens."""
        http = self.settings.http
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
                session.get(f"http://{http.host}:{http.port}/readyz") as answer,
            ):
                said = await answer.json()
        except (OSError, aiohttp.ClientError, TimeoutError):
            return {}
        return dict(said["parts"])

    async def ready(self) -> bool:
        parts = await self.parts()
        return bool(parts) and all(parts.values())


@dataclass
class Hall:
    """A call centre with its service and its own database."""

    centre: CallCentre
    settings: Settings
    store: PostgresStore
    folder: Path
    began: datetime
    service: Program
    campaign: CampaignId = field(default=CampaignId(0))
    programs: list[Program] = field(default_factory=list)

    # --- set up -------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self.service.start()
        await self.wait_ready()

    async def wait_ready(self) -> None:
        await self.wait_for(self.service.ready, "the service is ready")

    async def wait_part(self, name: str, ok: bool) -> None:
        async def so() -> bool:
            return (await self.service.parts()).get(name) is ok

        await self.wait_for(so, f"the service says that {name} is {'up' if ok else 'down'}")

    def another_service(self, ports: Ports) -> Program:
        """A second one on the same database and exchange."""
        settings = self.settings.model_copy(
            update={
                "http": self.settings.http.model_copy(update={"port": ports.one()}),
                "agi": self.settings.agi.model_copy(update={"port": ports.one()}),
            }
        )
        program = Program(settings, self.folder / "second.log")
        self.programs.append(program)
        return program

    async def dial(self, *numbers: str, **plan: Any) -> None:
        """A running campaign with a contact for each number, in this order."""
        now = SystemClock().now()
        campaigns = self.store.campaigns
        self.campaign = await campaigns.create_campaign(replace(PLAN, **plan), now)
        await self.add(*numbers)
        await self.move_campaign(CampaignSignal.START)

    async def add(self, *numbers: str) -> None:
        now, reader = SystemClock().now(), NumberReader("US")
        people = [NewContact(line, (reader.read(each),)) for line, each in enumerate(numbers, start=1)]
        list_id = await self.store.contacts.begin_list(self.campaign, "test", now)
        refused = await self.store.contacts.add_contacts(self.campaign, list_id, people, now)
        assert not refused, refused

    async def move_campaign(self, signal: CampaignSignal) -> None:
        await self.store.campaigns.move_campaign(self.campaign, signal, SystemClock().now())

    async def log_in(self, *phones: str) -> list[AgentId]:
        """Agents of these phones, who want to work. Returns at once: `wait_agents` waits for their phones."""
        now, agents = SystemClock().now(), []
        for phone in phones:
            agents.append(await self.store.agents.add_agent(phone, phone, now))
            await self.wish(agents[-1], AgentState.READY)
        return agents

    async def wish(self, agent: AgentId, wish: AgentState) -> None:
        await self.store.agents.wish(agent, wish, "", SystemClock().now())

    async def wait_agents(self, state: AgentState = AgentState.READY) -> None:
        async def all_are() -> bool:
            return {agent.state for agent in await self.store.agents.agents()} == {state}

        await self.wait_for(all_are, f"all agents are {state}")

    # --- look ---------------------------------------------------------------------------------------------------------

    async def wait_for(
        self, condition: Callable[[], Awaitable[Found | None]], what: str, within_s: float = GENEROUS_S
    ) -> Found:
        """The first answer that is true. A database that is away is no answer."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    with suppress(StorageDown):
                        if found := await condition():
                            return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = processes.tail(self.service.log, 40)
            raise AssertionError(
                f"not within {within_s:g} s: {what}\n{await self._picture()}\n{said}"
            ) from None

    async def _picture(self) -> str:
        try:
            lines = [
                f"{a.number.e164} {a.state} {a.disposition} {a.because} agent {a.agent}"
                for a in await self.attempts()
            ]
            lines += [
                f"{agent.name} {agent.state} ({agent.reason})" for agent in await self.store.agents.agents()
            ]
        except StorageDown as down:
            lines = [str(down)]
        return "\n".join(lines)

    async def attempts(self) -> Sequence[AttemptView]:
        return await self.store.history.attempts(self.campaign, None, 100_000)

    async def of(self, number: str) -> AttemptView | None:
        """The newest attempt of this number."""
        return next((each for each in await self.attempts() if each.number.e164 == number), None)

    async def wait_state(
        self, number: str, *states: AttemptState, within_s: float = GENEROUS_S
    ) -> AttemptView:
        async def there() -> AttemptView | None:
            found = await self.of(number)
            return found if found is not None and found.state in states else None

        return await self.wait_for(there, f"{number} is {' or '.join(states)}", within_s)

    async def wait_ended(self, number: str, within_s: float = GENEROUS_S) -> AttemptView:
        return await self.wait_state(number, AttemptState.ENDED, within_s=within_s)

    async def contacts(self) -> Sequence[ContactView]:
        return await self.store.contacts.contacts(self.campaign, None, 100_000)

    async def wait_campaign(self, state: str, within_s: float = 100) -> None:
        async def there() -> bool:
            return (await self.store.campaigns.campaign(self.campaign)).state == state

        await self.wait_for(there, f"the campaign is {state}", within_s)

    async def wait_stored(self) -> Sequence[RecordingView]:
        """All recordings, when none is on its way any more."""

        async def all_done() -> Sequence[RecordingView]:
            found = await self.store.recordings.recordings(self.campaign, None, 100_000)
            return found if all(each.state in ("stored", "failed") for each in found) else ()

        return await self.wait_for(all_done, "all recordings are stored")

    async def agent_log(self, agent: AgentId) -> list[tuple[str, str]]:
        """(state, reason) from the beginning."""
        rows = await self.store.pool.fetch(
            "select state, reason from agent_state_log where agent_id = $1 order by id", agent
        )
        return [(row["state"], row["reason"]) for row in rows]

    def records(self) -> list[CallRecord]:
        """What the carrier saw of this hall's calls that have ended. Those of other tests may end as late as now."""
        return [each for each in self.centre.call_records() if each.started >= self.began]

    async def wait_quiet(self) -> None:
        """No call is left at the carrier, so all its records are written."""

        async def quiet() -> bool:
            return channels(self.centre.carrier.cli("core show channels count")) == 0

        await self.wait_for(quiet, "the carrier has no calls")

    # --- judge --------------------------------------------------------------------------------------------------------

    async def assert_accounted(self) -> None:
        """Nothing is open, and the records agree with the carrier's, number by number."""
        await self.wait_quiet()
        attempts, contacts = await self.attempts(), await self.contacts()
        assert [a for a in attempts if a.state is not AttemptState.ENDED] == []
        assert [c for c in contacts if c.state in ("claimed", "ready")] == []
        dialled = Counter(a.number.e164 for a in attempts if a.dialled_at is not None)
        carried = Counter(record.number for record in self.records())
        # an order that nobody saw carried out may have been lost on the way: such an attempt says so
        unsure = Counter(
            a.number.e164
            for a in attempts
            if a.disposition in (Disposition.LOST, Disposition.FAILED) and a.rang_at is None
        )
        assert carried - dialled == Counter(), (
            f"the carrier was called more often than recorded: {carried - dialled}"
        )
        assert (dialled - carried) - unsure == Counter(), "recorded as dialled, but never called"


def channels(counted: str) -> int:
    """From the console's `core show channels count`; -1 when it did not answer."""
    first, *_ = [*counted.split(), "-1"]
    return int(first) if first.isdecimal() else -1


@asynccontextmanager
async def hall(centre: CallCentre, folder: Path, **changes: Any) -> AsyncIterator[Hall]:
    """`changes` to the settings. Nothing of it is left at the end, on the exchange or in the database server."""
    assert centre.postgres is not None
    url = await fresh_database(centre.postgres.url)
    landing, kept = folder / "landing", folder / "recordings"
    for each in (landing, kept):
        each.mkdir(parents=True)
    places = centre.settings.recordings.model_copy(update={"folder": kept, "landing": landing})
    settings = centre.settings.model_copy(
        update={"database_url": SecretStr(url), "recordings": places, **changes}
    )
    store = await PostgresStore.open(url, 2, SystemClock())
    program = Program(settings, folder / "service.log")
    made = Hall(centre, settings, store, folder, SystemClock().now(), program, programs=[program])
    try:
        yield made
    finally:
        for started in made.programs:
            started.kill()
        await _hang_up_everything(centre)
        await asyncio.to_thread(centre.wait_reachable)  # something may have been frozen for a while
        await store.close()
        await drop_database(url)


async def _hang_up_everything(centre: CallCentre) -> None:
    everywhere = (centre.pbx, centre.carrier, centre.phones)

    def silent() -> bool:
        for each in everywhere:  # what a killed exchange leaves on the other side ends by nobody's word
            each.cli("channel request hangup all")
        return not any(channels(each.cli("core show channels count")) for each in everywhere)

    await asyncio.to_thread(processes.wait_until, silent, 20, 0.2)
