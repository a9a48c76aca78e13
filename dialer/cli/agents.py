"""fairdial agents …"""

from typing import Annotated

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.agent import AgentState
from dialer.words import name_of

commands = console.group("Add agents, and ask for their states.")

Which = Annotated[str, typer.Argument(metavar="AGENT", help="Name, id or phone.")]
Reason = Annotated[str, typer.Option(help="Shown to supervisors.")]


@commands.command()
def add(
    name: str,
    phone: Annotated[str, typer.Option(help="The SIP account of the phone; default: the name.")] = "",
) -> None:
    """Add an agent."""
    with_session(lambda session: _add(session, name, phone or name))


async def _add(session: Session, name: str, phone: str) -> None:
    if session.settings.phones and phone not in session.settings.phones:
        known = ", ".join(session.settings.phones)
        typer.echo(f"fairdial: note: phone {phone!r} is not among those of the settings: {known}", err=True)
    added = await session.store.agents.add_agent(name, phone, session.clock.now())
    await session.audit("agent.add", str(added), name=name, phone=phone)
    console.tell("cli.agent_added", name=name, id=added)


@commands.command("list")
def list_agents(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All agents."""
    agents = with_session(lambda session: session.store.agents.agents())
    if as_json:
        console.show_json(agents)
        return
    words = console.language()
    rows = [
        (
            each.id,
            each.name,
            each.phone,
            name_of("agent", each.state, words),
            each.since,
            name_of("agent", each.wish, words),
            each.reason,
        )
        for each in agents
    ]
    console.show(("id", "name", "phone", "state", "since", "wish", "reason"), rows)


async def _ask(session: Session, which: str, wish: AgentState, verb: str, reason: str = "") -> None:
    agent = await session.agent(which)
    await session.store.agents.wish(agent.id, wish, reason, session.clock.now())
    await session.audit(f"agent.{verb}", str(agent.id), reason=reason)
    console.tell("cli.agent_asked", name=agent.name, wish=name_of("agent", wish, console.language()))


@commands.command()
def login(which: Which) -> None:
    """Connect the phone and take calls."""
    with_session(lambda session: _ask(session, which, AgentState.READY, "login"))


@commands.command()
def logout(which: Which) -> None:
    """Take no more calls; a call in progress is finished first."""
    with_session(lambda session: _ask(session, which, AgentState.LOGGED_OUT, "logout"))


@commands.command()
def pause(which: Which, reason: Reason = "") -> None:
    """Take no calls for a while."""
    with_session(lambda session: _ask(session, which, AgentState.PAUSED, "pause", reason))


@commands.command()
def resume(which: Which) -> None:
    """Take calls again."""
    with_session(lambda session: _ask(session, which, AgentState.READY, "resume"))
