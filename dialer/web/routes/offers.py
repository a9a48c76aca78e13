"""Preview: the contact offered to an agent, and what the agent decides."""

from dialer.domain.ids import AgentId, AttemptId
from dialer.web.models import OfferOut
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


def _agent(call: Call) -> AgentId:
    agent = AgentId(call.number_in_path("agent"))
    call.only_own(agent)
    return agent


async def get_offer(call: Call) -> OfferOut:
    return OfferOut.model_validate(call.deps.floor.offer(_agent(call)))


async def accept_offer(call: Call) -> None:
    agent, attempt = _agent(call), AttemptId(call.uuid_in_path("attempt"))
    await call.deps.floor.accept_offer(attempt, agent)
    await call.audit("offer.accept", str(attempt), agent=agent)


async def skip_offer(call: Call) -> None:
    agent, attempt = _agent(call), AttemptId(call.uuid_in_path("attempt"))
    await call.deps.floor.skip_offer(attempt, agent)
    await call.audit("offer.skip", str(attempt), agent=agent)


OFFER = "/api/v1/agents/{agent}/offer"
OPERATIONS = (
    Operation(
        "GET",
        OFFER,
        Role.AGENT,
        "The contact the agent is asked to decide on",
        get_offer,
        response=OfferOut,
    ),
    Operation(
        "POST",
        OFFER + "/{attempt}/accept",
        Role.AGENT,
        "Dial the contact; whoever answers is this agent's",
        accept_offer,
        status=204,
    ),
    Operation(
        "POST",
        OFFER + "/{attempt}/skip",
        Role.AGENT,
        "Leave the contact for later",
        skip_offer,
        status=204,
    ),
)
