"""Where callers go through flows: the scripts of the FastAGI server of this service, with everything flows need of the world."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dialer.acd.desks import Desk
from dialer.clock import Clock
from dialer.domain.agent import AgentState
from dialer.domain.campaign import CampaignState
from dialer.domain.flow_session import attempt_of_session
from dialer.domain.ids import AttemptId
from dialer.errors import Misconfigured, NotFound
from dialer.flow_gateways import opened_gateways
from dialer.flows import InboundDesk, flow_ports, opened_lookups, public_holidays
from dialer.ports.storage import CampaignStore
from dialer.settings import Settings
from dialer.storage.postgres.store import PostgresStore
from ivr.agi.server import Script
from ivr.asterisk import Effects, FirstWords, FlowScript, PublishedFlows, Recordings, Sounds
from ivr.errors import PromptsRefused
from ivr.lookups import HttpLookups
from ivr.ports import Transfers, Waits
from ivr.prompts.book import FileBook

log = logging.getLogger(__name__)

_LOOK_S = 5.0
_BUSY = frozenset({AgentState.PREVIEW, AgentState.ON_CALL, AgentState.WRAP_UP})


class Callers(Protocol):
    """What the engine knows of its calls in flows, and of agents."""

    def heard_flow(self, attempt: AttemptId) -> None: ...

    def in_hand(self, attempt: AttemptId) -> bool:
        """Whether it is a call that was placed by this engine and has not ended."""
        ...

    def agent_may_come(self) -> bool:
        """Whether anybody is at a desk."""
        ...

    def desk_named(self, text: str) -> Desk | None:
        """By the agent's name or phone."""
        ...


@dataclass(frozen=True, slots=True)
class AgentTransfers:
    """`ivr.ports.Transfers`: whoever is to wait does so in the dialplan, and the engine hears of it there.

    A caller from outside waits in a queue, which is a running campaign of the mode inbound and has the name that the flow
    gives; for a named agent in the queue `direct`, or else the only one that is open. Who was sent from a queue into another
    flow comes from outside as well, though that session is named after the attempt which is over. Where no such queue, or
    no such agent, exists nobody waits: the flow says how it goes on.
    """

    callers: Callers
    queues: CampaignStore
    direct: str | None = None

    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str | Waits:
        attempt = attempt_of_session(call)
        ours = attempt is not None and self.callers.in_hand(attempt)
        if kind == "agent":
            return await self._to_agent(call, target, ours)
        if ours:
            return Waits(target) if self.callers.agent_may_come() else "no_answer"
        return Waits(target) if await self._is_open(target, call) else "failed"

    async def _to_agent(self, call: str, name: str, ours: bool) -> str | Waits:
        """Who is away may come back in time, unless nobody expects it of an agent who has logged out."""
        desk = self.callers.desk_named(name)
        if desk is None:
            log.error(
                "no such agent: `fairdial agents list` shows their names and phones",
                extra={"action": "ivr.no_agent", "agent": name, "call": call},
            )
            return "failed"
        if desk.wish is AgentState.LOGGED_OUT:
            return "no_answer"
        queue = "" if ours else await self._direct_queue(call)
        if queue is None:
            return "failed"
        return Waits(queue, str(desk.id), "busy" if desk.state in _BUSY else "no_answer")

    async def _direct_queue(self, call: str) -> str | None:
        if self.direct is not None:
            return self.direct if await self._is_open(self.direct, call) else None
        running = [
            campaign.plan.name
            for campaign in await self.queues.campaigns()
            if campaign.plan.inbound and campaign.state is CampaignState.RUNNING
        ]
        if len(running) == 1:
            return running[0]
        log.error(
            "which queue's plan holds for callers who want one agent? %s: set FAIRDIAL_IVR__DIRECT_QUEUE",
            f"{len(running)} are open" if running else "none is open",
            extra={"action": "ivr.no_direct_queue", "call": call},
        )
        return None

    async def _is_open(self, queue: str, call: str) -> bool:
        try:
            campaign = await self.queues.campaign_named(queue)
        except NotFound:
            why = "there is no such campaign: create one with --mode inbound"
        else:
            if campaign.plan.inbound and campaign.state is CampaignState.RUNNING:
                return True
            why = (
                f"it is {campaign.state}"
                if campaign.plan.inbound
                else "the mode of this campaign is not inbound"
            )
        log.error(
            "no such queue: %s",
            why,
            extra={"action": "ivr.no_queue", "queue": queue, "call": call},
        )
        return False


class FlowRoom:
    """`scripts` answer callers; `run` takes up prompts that are built meanwhile, for as long as there are callers."""

    def __init__(self, scripts: Mapping[str, Script], book: FileBook, lookups: HttpLookups) -> None:
        self.scripts, self._book, self._lookups = scripts, book, lookups

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                if await asyncio.to_thread(self._book.refresh):
                    log.info("prompts taken up", extra={"action": "ivr.prompts"})
            except (PromptsRefused, OSError) as refused:  # those known so far stay
                log.error("prompts not read", extra={"action": "ivr.prompts_failed", "why": str(refused)})

    async def close(self) -> None:
        """After the last caller."""
        await self._lookups.close()


def opened_flow_room(settings: Settings, store: PostgresStore, clock: Clock, callers: Callers) -> FlowRoom:
    """Raises `Misconfigured`."""
    ours, ports = settings.ivr, flow_ports(store, clock)
    book, lookups = _book(settings), opened_lookups(settings)

    def heard(session: str) -> None:
        if (attempt := attempt_of_session(session)) is not None:
            callers.heard_flow(attempt)

    script = FlowScript(
        PublishedFlows(ports.flows),
        ports.sessions,
        clock,
        Sounds(book),
        Effects(  # answers are stored with the session's steps
            opt_outs=ports.opt_outs,
            callbacks=ports.callbacks,
            voicemails=ports.voicemails,
            texts=ports.messages,
            transfers=AgentTransfers(callers, store.campaigns, ours.direct_queue),
            gateways=opened_gateways(settings),
            lookups=lookups,
        ),
        routes=InboundDesk(store.inbound, public_holidays, settings.default_region),
        recordings=Recordings((ours.clips_in_asterisk or str(ours.clips)).rstrip("/")),
        first_words=FirstWords(heard, book.length_s),
    )
    return FlowRoom({"inbound": script, "flow": script, "gone": script.gone}, book, lookups)


def _book(settings: Settings) -> FileBook:
    ours = settings.ivr
    try:
        return FileBook(ours.prompts, ours.prompts_in_asterisk)
    except (PromptsRefused, OSError) as refused:
        raise Misconfigured(
            f"ivr: the prompts in {ours.prompts} cannot be read ({refused}); "
            "run `fairdial ivr prompts build`, or set FAIRDIAL_IVR__PROMPTS"
        ) from None


_transfers: type[Transfers] = AgentTransfers
