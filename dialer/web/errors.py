"""Every refusal as an RFC 9457 problem document; the one place where errors get an HTTP status."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web
from pydantic import ValidationError

from dialer.errors import BadInput, Conflict, FairdialError, Misconfigured, NotFound, Refused, Transient
from dialer.words import preferred, say

log = logging.getLogger(__name__)


class NotSignedIn(Refused):
    error_id = "not-signed-in"


class Forbidden(Refused):
    error_id = "forbidden"


class BadJson(Refused):
    error_id = "bad-json"


class TooLarge(Refused):
    error_id = "too-large"


class TooManyViewers(Transient):
    error_id = "too-many-viewers"


class TooManyAttempts(Refused):
    error_id = "too-many-attempts"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


_STATUS: Mapping[type[FairdialError], int] = {
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    BadJson: 400,
    BadInput: 422,
    TooManyAttempts: 429,
    Refused: 400,
    Misconfigured: 503,
    Transient: 503,
}
_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def status_of(error: FairdialError) -> int:
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


EVERYTHING = "/{anything}"


async def unmatched(request: web.Request) -> web.StreamResponse:
    """For the route that matches everything: 405 when another method would do, else 404."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical != EVERYTHING:
            allowed |= (await resource.resolve(request))[1]
    if allowed:
        return _of_aiohttp(request, web.HTTPMethodNotAllowed(request.method, sorted(allowed)))
    return _of_aiohttp(request, web.HTTPNotFound())


def answer_to(request: web.Request, error: Exception) -> web.StreamResponse:
    """Called where the handler is: a middleware would cost every request two more coroutines."""
    if isinstance(error, FairdialError):
        return _of_ours(request, error)
    if isinstance(error, ValidationError):
        return _of_validation(request, error)
    if isinstance(error, web.HTTPException):
        return _of_aiohttp(request, error)
    if isinstance(error, ConnectionError):
        raise error  # the client has gone: nobody is there to be told
    return _of_surprise(request, error)


def problem(
    request: web.Request,
    status: int,
    error_id: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> web.Response:
    language = preferred(request.headers.get("Accept-Language", ""))
    document = {
        "type": f"urn:fairdial:problem:{error_id}",
        "title": say(f"problem.{error_id}", language),
        "status": status,
        "detail": detail,
        "error_id": error_id,
        **more,
    }
    return web.Response(
        body=orjson.dumps(document),
        status=status,
        content_type="application/problem+json",
        headers={"Content-Language": language, "Cache-Control": "no-store", **(headers or {})},
    )


def _of_ours(request: web.Request, error: FairdialError) -> web.Response:
    status = status_of(error)
    if status == 500:
        return _of_surprise(request, error)
    more = {"field": error.field} if isinstance(error, BadInput) and error.field else {}
    return problem(request, status, error.error_id, _detail(error, status), _headers(error), **more)


def _detail(error: FairdialError, status: int) -> str:
    """What the operator has to set right stays in the log: an address or a name may be in it."""
    if status < 500:
        return str(error)
    log.warning("request failed", extra={"action": "web.unavailable", "error": str(error)})
    return ""


def _headers(error: FairdialError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="fairdial"'}
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, Transient):
        return {"Retry-After": "2"}
    return {}


def _of_validation(request: web.Request, error: ValidationError) -> web.Response:
    """422, or 400 when the body is no JSON at all. The input itself is not sent back."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    if wrong and wrong[0]["type"] == "json_invalid":
        return problem(request, 400, "bad-json", wrong[0]["msg"])
    return problem(request, 422, "bad-input", _first(wrong), errors=_places(wrong))


def _places(wrong: Sequence[Any]) -> list[dict[str, str]]:
    return [{"field": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in wrong[:20]]


def _first(wrong: Sequence[Any]) -> str:
    return f"{'.'.join(map(str, wrong[0]['loc'])) or 'the request'}: {wrong[0]['msg']}" if wrong else ""


def _of_aiohttp(request: web.Request, answer: web.HTTPException) -> web.StreamResponse:
    if answer.status < 400:
        return answer
    error_id = _OF_STATUS.get(answer.status, "internal-error" if answer.status >= 500 else "request-refused")
    kept = {name: answer.headers[name] for name in ("Allow",) if name in answer.headers}
    return problem(request, answer.status, error_id, answer.reason, kept)


def _of_surprise(request: web.Request, error: Exception) -> web.Response:
    incident = uuid4().hex
    log.error(
        "request failed unexpectedly",
        exc_info=error,
        extra={"action": "web.incident", "incident": incident, "method": request.method},
    )
    return problem(request, 500, "internal-error", f"incident {incident}", incident=incident)
