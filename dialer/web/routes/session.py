"""Signing in, and who one is."""

from dialer.web.auth import DOOR
from dialer.web.models import Me, SignedIn, SignIn
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


async def sign_in(call: Call) -> SignedIn:
    wanted = await call.body(SignIn)
    door = call.app[DOOR]
    session = await door.sign_in(wanted.name, wanted.password, call.request.remote or "")
    who = session.caller
    await call.deps.store.users.audit(who.name, "session.sign_in", who.name, {}, call.deps.clock.now())
    return SignedIn(token=session.token, expires_at=session.expires_at, role=who.role, agent=who.agent)


async def who_am_i(call: Call) -> Me:
    return Me.model_validate(call.caller)


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/login",
        None,
        "Exchange name and password for a token of twelve hours",
        sign_in,
        request=SignIn,
        response=SignedIn,
    ),
    Operation("GET", "/api/v1/me", Role.READ_ONLY, "Whose token this is", who_am_i, response=Me),
)
