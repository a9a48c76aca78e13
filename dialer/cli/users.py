"""fairdial users …"""

from datetime import timedelta
from typing import Annotated

import typer
from argon2 import PasswordHasher

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.web.auth import digest, new_token
from dialer.web.roles import Role

commands = console.group("Add people and programs that use the API.")


@commands.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    agent: Annotated[str | None, typer.Option(help="The agent this user is.")] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password; else tokens only.")
    ] = False,
) -> None:
    """Add a user."""
    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    with_session(lambda session: _add(session, name, role, agent, secret))


async def _add(session: Session, name: str, role: Role, agent: str | None, password: str | None) -> None:
    if password is not None and len(password) < 10:
        console.refuse("a password has at least 10 characters")
    is_agent = (await session.agent(agent)).id if agent is not None else None
    kept = PasswordHasher().hash(password) if password is not None else None
    await session.store.users.add_user(name, role, kept, is_agent, session.clock.now())
    await session.audit("user.add", name, role=str(role))
    console.tell("cli.user_added", name=name, role=role)


@commands.command()
def token(
    user: str,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="Valid for; default: for ever.")] = None,
) -> None:
    """Make a token and print it once, alone on stdout."""
    made, number = with_session(lambda session: _token(session, user, label, days))
    typer.echo(made)
    typer.echo(console.words("cli.token_once", id=number), err=True)


async def _token(session: Session, user: str, label: str, days: int | None) -> tuple[str, int]:
    made, now = new_token(), session.clock.now()
    until = now + timedelta(days=days) if days is not None else None
    number = await session.store.users.add_token(user, label, digest(made), until, now)
    await session.audit("user.token", user, label=label, token=number)
    return made, number


@commands.command()
def revoke(token: Annotated[int, typer.Argument(help="The token's number, said when it was made.")]) -> None:
    """End a token; a page that is open with it closes within seconds."""
    with_session(lambda session: _revoke(session, token))


async def _revoke(session: Session, token: int) -> None:
    await session.store.users.revoke_token(token, session.clock.now())
    await session.audit("user.revoke_token", str(token))
    console.tell("cli.token_revoked", id=token)
