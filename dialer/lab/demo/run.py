"""Runs the demonstration: set up, dial, report. At most three minutes; Ctrl-C leaves nothing running."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import asyncpg
from pydantic import SecretStr
from rich.console import Console
from rich.live import Live

from dialer.clock import SystemClock
from dialer.domain.ids import CampaignId
from dialer.errors import FairdialError, Misconfigured
from dialer.lab import processes
from dialer.lab.centre import PROJECT, CallCentre
from dialer.lab.demo.api import Api
from dialer.lab.demo.contact_list import DemoList, write_list
from dialer.lab.demo.figures import Figures, figures, read_evidence, time_of_agents
from dialer.lab.demo.flow_callers import CALLED, HOTLINE, OPT_OUT_LINE, demo_flows
from dialer.lab.demo.flow_report import show_flows
from dialer.lab.demo.flows import FlowsAtWork
from dialer.lab.demo.heard import heard_figures, ledger_of
from dialer.lab.demo.heard_report import show_heard
from dialer.lab.demo.law import LawAtWork
from dialer.lab.demo.people import PeopleAtDesks
from dialer.lab.demo.plan import demo_plan, loosen_rules
from dialer.lab.demo.report import final_report, live_view, one_line, show_law, step
from dialer.lab.environment import as_environment
from dialer.lab.ivr_prompts import flow_prompts
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore
from dialer.tasks import TaskOwner
from dialer.web.auth import digest, new_token
from dialer.words import Language, say
from ivr.flow.model import Flow
from ivr.samples import names

DATABASE = "fairdial_demo"
_CAMPAIGN_S = 140.0  # dialling ends then, whatever is left of the list
_SETTLE_S = 25.0  # the last ringing and the last recordings
_SEED = 2026


def run(contacts: int, agents: int, json_path: Path | None, language: Language) -> int:
    """The exit status: 0 when every promise that the report checks was kept."""
    if contacts < 1 or not 1 <= agents <= 200:
        raise Misconfigured("DEMO_CONTACTS must be at least 1, DEMO_AGENTS between 1 and 200")
    console = Console()
    begun = monotonic()
    flows = demo_flows(language)
    prompts = flow_prompts(flows, _Making(console, language))
    folder = Path(os.environ.get("DEMO_FOLDER") or PROJECT / ".run/demo")
    given = os.environ.get("FAIRDIAL_DATABASE_URL")
    with CallCentre(
        folder,
        agents=agents,
        channels=max(30, agents * 3),
        calls_per_second=max(10.0, agents / 2),
        database_url=given and asyncio.run(_own_database(given)),
        http_port=_http_port(),
    ) as centre:
        step(console, say("demo.centre_up", language, agents=agents), monotonic() - begun)
        result = asyncio.run(_Demo(centre, console, language, flows, prompts).play(contacts))
    console.print(final_report(result, language))
    show_law(console, result.law, language)
    show_heard(console, result.heard, language)
    show_flows(console, result.flows, language)
    if json_path is not None:
        json_path.write_text(json.dumps(result.as_json(), indent=1, ensure_ascii=False), "utf-8")
        step(console, say("demo.json_written", language, path=json_path))
    step(console, say("demo.took", language), monotonic() - begun)
    return 0 if _kept(result) else 1


def _kept(result: Figures) -> bool:
    return bool(
        result.carrier["agree"]
        and not result.do_not_call_dialled
        and not result.cut_before_15_s
        and not result.recordings_doubtful
        and result.abandonment_kept
        and result.law.kept
        and result.heard.kept
        and result.flows.kept
    )


class _Making:
    """Says how far the prompts are, every hundred of them."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console, self._language = console, language

    def __call__(self, done: int, count: int) -> None:
        if done == 1:
            step(self._console, say("demo.prompts", self._language, count=count))
        elif done % 100 == 0:
            step(self._console, say("demo.prompts_made", self._language, done=done, count=count))


def _http_port() -> int | None:
    given = os.environ.get("DEMO_PORT", "")
    if given and not given.isdecimal():
        raise Misconfigured(f"DEMO_PORT: {given!r} is not a port")
    return int(given) if given else None


async def _own_database(url: str) -> str:
    """A database of its own on the given server: the demonstration must not touch real campaigns."""
    own = url.rpartition("/")[0] + f"/{DATABASE}"
    try:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(f"drop database if exists {DATABASE} with (force)")
            await connection.execute(f"create database {DATABASE}")
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError) as failure:
        raise Misconfigured(
            f"FAIRDIAL_DATABASE_URL: cannot make the database {DATABASE} there: {failure}; "
            "start that server, give the user CREATEDB, or unset the variable to use an embedded one"
        ) from failure
    return own


class _Demo:
    def __init__(
        self, centre: CallCentre, console: Console, language: Language, flows: Sequence[Flow], prompts: Path
    ) -> None:
        self._centre, self._console, self._language = centre, console, language
        self._prompts = prompts
        self._flows = FlowsAtWork(centre, flows, language)
        self._clock = SystemClock()
        self._log = centre.folder / "service.log"
        self._law = LawAtWork(centre.folder, language, self._clock.now())
        http = centre.settings.http
        self._address = f"http://{http.host}:{http.port}"

    def _say(self, key: str, **values: object) -> None:
        step(self._console, say(f"demo.{key}", self._language, **values))

    async def play(self, contacts: int) -> Figures:
        url = self._centre.settings.database_url.get_secret_value()
        if self._centre.postgres is not None:
            url = await _own_database(url)
        settings = self._law.settings(self._centre.settings).model_copy(
            update={
                "database_url": SecretStr(url),
                "ivr": self._centre.settings.ivr.model_copy(update={"prompts": self._prompts}),
            }
        )
        await migrate.up(url, migrate.default_folder(), self._clock.now())
        store = await PostgresStore.open(url, 4, self._clock)
        try:
            await self._law.write_history(store, settings)
            await self._flows.set_up(store)
            admin, viewer = await self._token(store, "admin"), await self._token(store, "read_only")
            with self._service(as_environment(settings)):
                async with self._api(admin) as api:
                    self._say("watch", address=self._address)
                    self._console.print(f"    {viewer}", highlight=False, soft_wrap=True)
                    return await self._campaign(store, api, contacts)
        finally:
            await store.close()

    async def _token(self, store: PostgresStore, role: str) -> str:
        now = self._clock.now()
        token = new_token()
        await store.users.add_user(f"demo {role}", role, None, None, now)
        await store.users.add_token(f"demo {role}", "demo", digest(token), None, now)
        return token

    @contextmanager
    def _service(self, environment: dict[str, str]) -> Iterator[None]:
        self._log.unlink(missing_ok=True)
        command = processes.dies_with_parent([sys.executable, "-m", "dialer", "serve"])
        service = processes.start(command, self._log, environment)
        try:
            self._process = service
            yield
        finally:
            processes.stop(service, signal.SIGTERM, 5)

    @asynccontextmanager
    async def _api(self, token: str) -> AsyncIterator[Api]:
        async with aiohttp.ClientSession() as session:
            api = Api(session, self._address, token)
            for _ in range(200):
                if await api.ready():
                    break
                self._still_running()
                await asyncio.sleep(0.1)
            else:
                raise FairdialError(f"the service did not get ready; see {self._log}")
            yield api

    def _still_running(self) -> None:
        process: subprocess.Popen[bytes] = self._process
        if process.poll() is not None:
            raise FairdialError(
                f"the service ended by itself; {self._log} says:\n{processes.tail(self._log)}"
            )

    async def _campaign(self, store: PostgresStore, api: Api, contacts: int) -> Figures:
        listed = await self._import(api, contacts)
        campaign = self._campaign_id
        await loosen_rules(store, campaign, "demo admin", self._clock.now())
        for name in self._centre.phone_names:
            agent = await api.post("/api/v1/agents", {"name": name, "phone": name})
            await api.post(f"/api/v1/agents/{agent['id']}/login")
        before = len(self._centre.call_records())
        began = self._clock.now()
        await self._law.start(api)
        await self._flows.start(store, api)
        await api.post(f"/api/v1/campaigns/{campaign}/start")
        tasks = TaskOwner()
        tasks.spawn(_at_desks(api, PeopleAtDesks(api, tasks, _SEED, self._flows)), "desks")
        tasks.spawn(self._flows.callers(), "callers")
        try:
            await self._follow(api, campaign, listed)
            ended = self._clock.now()
            await self._recordings_stored(api, campaign)
            return await self._result(store, api, listed, began, ended, before)
        finally:
            await tasks.close()

    async def _import(self, api: Api, contacts: int) -> DemoList:
        file = self._centre.folder / "contacts.csv"
        listed = write_list(file, contacts, _SEED)
        plan = demo_plan()
        created = await api.post("/api/v1/campaigns", plan)
        self._campaign_id = CampaignId(created["id"])
        for number in listed.do_not_call:
            await api.post("/api/v1/do-not-call", {"number": number, "reason": "demo"})
        taken = await api.upload(f"/api/v1/campaigns/{created['id']}/lists?source=contacts.csv", file)
        self._say("imported", taken=taken["taken"], refused=taken["refused"], listed=len(listed.do_not_call))
        for row in taken["rows"]:
            self._say("row_refused", line=row["line"], because=row["because"])
        self._say("salted", count=len(self._law.people))
        called = sum(len(people) for people in CALLED.values())
        named = ", ".join(names())
        self._say("flows_ready", flows=named, hotline=HOTLINE, opt_out=OPT_OUT_LINE, called=called)
        return listed

    async def _follow(self, api: Api, campaign: CampaignId, listed: DemoList) -> None:
        end = monotonic() + _CAMPAIGN_S
        stopped, shown_at = False, 0.0
        with Live(console=self._console, transient=True, auto_refresh=False) as live:
            async for whole in api.snapshots():
                if (snapshot := _only(whole, campaign)) is None:
                    continue
                now = monotonic()
                if self._console.is_terminal:
                    live.update(live_view(snapshot, self._language, max(0.0, end - now)), refresh=True)
                elif now - shown_at >= 5:
                    shown_at = now
                    self._console.print(
                        one_line(snapshot, self._language, max(0.0, end - now)),
                        highlight=False,
                        soft_wrap=True,
                    )
                if snapshot["campaigns"][0]["state"] in ("finished", "stopped") and not _busy(snapshot):
                    return
                if not stopped and (now > end or _exhausted(snapshot, listed)):
                    stopped = True
                    await api.post(f"/api/v1/campaigns/{campaign}/stop")
                if now > end + _SETTLE_S:
                    return

    async def _recordings_stored(self, api: Api, campaign: CampaignId) -> None:
        for _ in range(60):
            recordings = (await api.get("/api/v1/recordings", campaign=campaign, limit=1000))["recordings"]
            if all(each["state"] in ("stored", "failed") for each in recordings):
                return
            await asyncio.sleep(0.25)

    async def _result(
        self, store: PostgresStore, api: Api, listed: DemoList, began: datetime, ended: datetime, before: int
    ) -> Figures:
        flows = await self._flows.result(store)
        records = [each for each in self._centre.call_records()[before:] if not self._flows.ours(each)]
        law = await self._law.result(store, api, self._campaign_id, records)
        occupancy, wait_s = await time_of_agents(store, began, ended)
        evidence = await read_evidence(store, self._campaign_id, began, ended, records, listed.do_not_call)
        ledger = await ledger_of(store, self._campaign_id, began, self._clock.now())
        english = self._centre.carrier.program.english
        heard = heard_figures(evidence.attempts, records, ledger, english)
        return figures(evidence, occupancy, wait_s, law, heard, flows)


async def _at_desks(api: Api, people: PeopleAtDesks) -> None:
    """To the end: who walks through a flow may come to a desk when the campaign is over."""
    async for whole in api.snapshots():
        people.look(whole)


def _only(snapshot: dict[str, Any], campaign: CampaignId) -> dict[str, Any] | None:
    """The demonstration's own campaign; beside it are those of which nobody may be called."""
    own = [each for each in snapshot["campaigns"] if each["id"] == campaign]
    return {**snapshot, "campaigns": own} if own else None


def _busy(snapshot: dict[str, Any]) -> bool:
    agents = snapshot["agents"]["by_state"]
    return bool(
        sum(snapshot["campaigns"][0]["calls"].values()) or agents.get("on_call") or agents.get("wrap_up")
    )


def _exhausted(snapshot: dict[str, Any], listed: DemoList) -> bool:
    """Nothing is due, nothing is under way, and nothing will be due before the demonstration ends."""
    contacts = snapshot["campaigns"][0]["contacts"]
    if sum(contacts["by_state"].values()) < listed.contacts:
        return False  # counted before the list was in
    if contacts["due_now"] or contacts["by_state"].get("claimed") or _busy(snapshot):
        return False
    next_due = contacts["next_due_at"]
    if next_due is None:
        return True
    wait = datetime.fromisoformat(next_due) - datetime.fromisoformat(snapshot["at"])
    return wait.total_seconds() > _CAMPAIGN_S
