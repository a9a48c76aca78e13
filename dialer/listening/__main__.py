"""`python -m dialer.listening FD PARENT`: started by `client`, never by hand. FD is the inherited socket."""

import gc
import logging
import resource
import select
import signal
import socket
import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from dialer.clock import SystemClock
from dialer.listening.collection import Collection
from dialer.listening.control import Control
from dialer.listening.matcher import Matcher, NoMatcher
from dialer.listening.receiver import Receiver
from dialer.listening.recognized import Recognizer
from dialer.listening.strangers import AT_ONCE, MOST
from dialer.listening.wire import Broken, Ready, Serve
from dialer.telemetry import configure_logging

log = logging.getLogger(__name__)

_OTHER_FILES = AT_ONCE + MOST + 64  # strangers, and what the interpreter has open


def main(descriptor: int, parent: int) -> int:
    # the service ends us, after its last calls: the terminal and the service manager signal the whole group
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    control = Control(socket.socket(fileno=descriptor))
    serve = _first(control)
    if serve is None:
        return 0
    configure_logging(serve.log_level, serve.log_format)
    serve = replace(serve, most_streams=_streams_allowed(serve.most_streams))
    try:
        port = _opened(serve)
    except OSError as taken:
        control.say(Broken(f"cannot listen on {serve.host}:{serve.port} ({taken.strerror or taken})"))
        control.flush()
        return 1
    receiver = Receiver(serve, control, port, _matcher(serve), SystemClock(), parent)
    control.say(Ready(port.getsockname()[1]))
    gc.collect()
    gc.freeze()
    try:
        receiver.run()
    finally:
        receiver.close()
    return 0


def _first(control: Control) -> Serve | None:
    """None when the service has gone before it said anything."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while control.is_open:
        poll.poll()
        for message in control.commands():
            if isinstance(message, Serve):
                return message
    return None


def _matcher(serve: Serve) -> Matcher:
    if not serve.announcements:
        return NoMatcher()
    return Recognizer(Collection.load(Path(serve.announcements)))


def _streams_allowed(wanted: int) -> int:
    """As many as the system lets us have open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = min(wanted, soft - _OTHER_FILES)
    if allowed < wanted:
        log.warning(
            "fewer streams than asked for: raise the limit of open files",
            extra={"action": "ears.limited", "streams": allowed, "wanted": wanted},
        )
    return max(1, allowed)


def _opened(serve: Serve) -> socket.socket:
    family = socket.AF_INET6 if _is_v6(serve.host) else socket.AF_INET
    port = socket.socket(family, socket.SOCK_STREAM)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port.bind((serve.host, serve.port))
    port.listen(1024)
    port.setblocking(False)
    return port


def _is_v6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
