"""The live page: static files with a strict policy. They hold no figures, so they need no token."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib import resources

import orjson
from aiohttp import hdrs, web

from dialer.words import LANGUAGES, catalogue

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {
    "/": ("page.html", "text/html"),
    "/static/page.css": ("page.css", "text/css"),
    "/static/page.js": ("page.js", "text/javascript"),
    "/static/figures.js": ("figures.js", "text/javascript"),
    "/static/stream.js": ("stream.js", "text/javascript"),
    "/static/flow_return.js": ("flow_return.js", "text/javascript"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
}
_SHOWN = (
    "agent.", "attempt.", "campaign.", "contact.", "disposition.", "page.", "figure.", "window.",
    "mode.", "binding.", "dead_air.",
)  # fmt: skip


def routes() -> list[web.RouteDef]:
    static = resources.files("dialer.web").joinpath("static")
    files = [
        web.get(path, _sending(static.joinpath(name).read_bytes(), kind))
        for path, (name, kind) in _FILES.items()
    ]
    words = [
        web.get(f"/static/words.{language}.json", _sending(_words(language), "application/json"))
        for language in LANGUAGES
    ]
    return files + words


def _words(language: str) -> bytes:
    entries = catalogue("zh" if language == "zh" else "en").items()
    return orjson.dumps({key: words for key, words in entries if key.startswith(_SHOWN)})


def _sending(body: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    etag = sha256(body).hexdigest()[:32]
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.ETAG: f'"{etag}"',
    }

    async def send(request: web.Request) -> web.StreamResponse:
        if any(known.value == etag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    return send
