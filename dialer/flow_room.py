"""Where callers go through flows: the scripts of the FastAGI server of this service, with everything flows need of the world."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dialer.clock import Clock
from dialer.domain.campaign import CampaignState
from dialer.domain.flow_session import attempt_of_session
from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import BadNumber, parse_number
from dialer.errors import Misconfigured, NotFound
from dialer.flows import InboundDesk, flow_ports, opened_lookups, public_holidays
from dialer.ports.storage import CampaignStore
from dialer.settings import Settings
from dialer.storage.postgres.store import PostgresStore
from dialer.telephony.asterisk.trunks import DialString
from ivr.agi.server import Script
from ivr.asterisk import Effects, FirstWords, FlowScript, PublishedFlows, Recordings, Sounds
from ivr.errors import PromptsRefused
from ivr.lookups import HttpLookups
from ivr.ports import Gateways, Transfers
from ivr.prompts.book import FileBook

log = logging.getLogger(__name__)

_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class TrunkGateway:
    """`ivr.ports.Gateways`: telephone numbers over one trunk, whole ones only; SIP addresses nowhere."""

    trunk: DialString | None
    region: str

    def dial_string(self, kind: str, target: str) -> str | None:
        if self.trunk is None or kind != "number":
            log.warning("not dialled for a flow", extra={"action": "ivr.no_gateway", "kind": kind})
            return None
        try:
            return self.trunk.to(parse_number(target, self.region))
        except BadNumber:
            return None


class Callers(Protocol):
    """What the engine knows of its calls in flows."""

    def heard_flow(self, attempt: AttemptId) -> None: ...

    def agent_may_come(self, attempt: AttemptId) -> bool:
        """Whether it is a call of this engine and anybody is at a desk."""
        ...


@dataclass(frozen=True, slots=True)
class AgentTransfers:
    """`ivr.ports.Transfers`: whoever is to wait does so in the dialplan, and the engine hears of it there.

    A caller from outside waits in a queue, which is a running campaign of the mode inbound and has the name that the flow
    gives. For a named agent, or in a queue that does not exist, nobody waits: the flow says how it goes on.
    """

    callers: Callers
    queues: CampaignStore

    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str:
        if kind != "queue":
            log.error(
                "flows cannot transfer to a named agent here: name a queue",
                extra={"action": "ivr.no_transfer", "call": call, "kind": kind, "target": target},
            )
            return "failed"
        if (attempt := attempt_of_session(call)) is not None:
            return "" if self.callers.agent_may_come(attempt) else "no_answer"
        return "" if await self._is_open(target, call) else "failed"

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
            transfers=AgentTransfers(callers, store.campaigns),
            gateways=_gateway(settings),
            lookups=lookups,
        ),
        routes=InboundDesk(store.inbound, public_holidays, settings.default_region),
        recordings=Recordings(ours.clips.rstrip("/")),
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


def _gateway(settings: Settings) -> Gateways:
    name = settings.ivr.trunk
    if name is None:
        return TrunkGateway(None, settings.default_region)
    trunk = settings.trunks.get(name)
    if trunk is None:
        raise Misconfigured(f"ivr: there is no trunk {name!r}; set FAIRDIAL_IVR__TRUNK to one of the trunks")
    to = DialString(f"trunk-{name}", trunk.number_format, trunk.prefix)
    return TrunkGateway(to, settings.default_region)


_transfers: type[Transfers] = AgentTransfers
