"""Agents: who they are, and what they ask for. The engine brings their state there when it can."""

from dialer.domain.agent import AgentState
from dialer.domain.ids import AgentId
from dialer.web.models import AgentList, AgentOut, Created, CurrentCallOut, NewAgent, Reason
from dialer.web.operations import Call, Operation, OperationHandler
from dialer.web.roles import Role


def _id(call: Call) -> AgentId:
    return AgentId(call.number_in_path("agent"))


async def list_agents(call: Call) -> AgentList:
    agents = await call.deps.store.agents.agents()
    return AgentList(agents=[AgentOut.model_validate(agent) for agent in agents])


async def add_agent(call: Call) -> Created:
    wanted = await call.body(NewAgent)
    added = await call.deps.store.agents.add_agent(wanted.name, wanted.phone, call.deps.clock.now())
    await call.audit("agent.add", str(added), name=wanted.name, phone=wanted.phone)
    return Created(id=added)


async def end_wrap_up(call: Call) -> None:
    call.only_own(_id(call))
    await call.deps.floor.end_wrap_up(_id(call))
    await call.audit("agent.done", str(_id(call)))


async def current_call(call: Call) -> CurrentCallOut:
    call.only_own(_id(call))
    return CurrentCallOut.model_validate(call.deps.floor.current_call(_id(call)))


def _asking(verb: str, wish: AgentState) -> OperationHandler:
    async def ask(call: Call) -> None:
        call.only_own(_id(call))
        reason = (await call.body(Reason)).reason if call.request.can_read_body else ""
        await call.deps.store.agents.wish(_id(call), wish, reason, call.deps.clock.now())
        await call.audit(f"agent.{verb}", str(_id(call)), reason=reason)

    ask.__name__ = f"{verb}_agent"
    return ask


def _ask(verb: str, wish: AgentState, summary: str) -> Operation:
    return Operation(
        "POST",
        f"/api/v1/agents/{{agent}}/{verb}",
        Role.AGENT,
        summary,
        _asking(verb, wish),
        request=Reason,
        status=204,
    )


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/agents",
        Role.READ_ONLY,
        "All agents with their states",
        list_agents,
        response=AgentList,
    ),
    Operation(
        "POST",
        "/api/v1/agents",
        Role.SUPERVISOR,
        "Add an agent",
        add_agent,
        request=NewAgent,
        response=Created,
        status=201,
    ),
    Operation(
        "GET",
        "/api/v1/agents/{agent}/call",
        Role.AGENT,
        "The call the agent is on: who it is and, of a caller, what was entered before the queue",
        current_call,
        response=CurrentCallOut,
    ),
    _ask("login", AgentState.READY, "Connect the phone and take calls"),
    _ask("logout", AgentState.LOGGED_OUT, "Take no more calls; a call in progress is finished first"),
    _ask("pause", AgentState.PAUSED, "Take no calls for a while, with a reason"),
    _ask("resume", AgentState.READY, "Take calls again"),
    Operation(
        "POST",
        "/api/v1/agents/{agent}/done",
        Role.AGENT,
        "End the wrap-up before its time",
        end_wrap_up,
        status=204,
    ),
)
