"""One registry for the API: an `Operation` is both a route and an entry of the OpenAPI document."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from dialer.ports.storage import Caller
from dialer.web.auth import GATE
from dialer.web.deps import WebDeps
from dialer.web.errors import Forbidden, answer_to
from dialer.web.roles import Role

Model = TypeVar("Model", bound=BaseModel)
_NOBODY = Caller(0, "", Role.READ_ONLY, None)


@dataclass(slots=True)
class Call:
    """One request by an admitted caller."""

    request: web.Request
    caller: Caller
    deps: WebDeps
    app: web.Application

    async def body(self, model: type[Model]) -> Model:
        return model.model_validate_json(await self.request.read())

    def query(self, model: type[Model]) -> Model:
        return model.model_validate(dict(self.request.query))

    def number_in_path(self, name: str) -> int:
        return int(self.request.match_info[name])

    def uuid_in_path(self, name: str) -> UUID:
        return UUID(self.request.match_info[name])

    def text_in_path(self, name: str) -> str:
        return self.request.match_info[name]

    def only_own(self, agent: int | None) -> None:
        """An agent may act on itself only; supervisors on everyone."""
        if not Role(self.caller.role).covers(Role.SUPERVISOR) and (
            agent is None or self.caller.agent != agent
        ):
            raise Forbidden("agents may act on their own calls only")

    async def audit(self, action: str, subject: str, **detail: object) -> None:
        await self.deps.store.users.audit(self.caller.name, action, subject, detail, self.deps.clock.now())


Answer = BaseModel | web.StreamResponse | None
OperationHandler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`role` None: open to everyone. `media` names what is sent or taken when it is not JSON."""

    method: str
    path: str
    role: Role | None
    summary: str
    handler: OperationHandler
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    status: int = 200
    takes: str = "application/json"
    sends: str = "application/json"

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def route(self) -> str:
        """With the pattern of each parameter: what cannot be an id is not found. 18 digits fit a bigint."""
        parts = (_pattern(part) if part.startswith("{") else part for part in self.path.split("/"))
        return "/".join(parts)


UUID_PARAMETERS = frozenset({"attempt", "recording"})
TEXT_PARAMETERS = {
    "flow": "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}",
    "call": "[^/]{1,200}",  # the exchange's own name for it
    "reference": "[0-9]{6,20}",
}


def _pattern(part: str) -> str:
    name = part[1:-1]
    pattern = _UUID if name in UUID_PARAMETERS else TEXT_PARAMETERS.get(name, "[0-9]{1,18}")
    return f"{{{name}:{pattern}}}"


_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


def route_of(
    operation: Operation, app: web.Application, deps: WebDeps
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    role, handler, gate = operation.role, operation.handler, app[GATE]

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            caller = await gate.admit(request, role) if role is not None else _NOBODY
            answer = await handler(Call(request, caller, deps, app))
        except Exception as error:
            return answer_to(request, error)
        return answer if isinstance(answer, web.StreamResponse) else _json(answer, operation.status)

    return handle


def _json(answer: BaseModel | None, status: int) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    return web.Response(
        body=answer.model_dump_json().encode(),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
