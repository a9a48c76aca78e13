"""How many AMI events one second of CPU carries: our receive path beside panoramisk's and beside the floor.

The stream is a recording of Asterisk 22 placing calls of every outcome, repeated in memory.
"""

import asyncio
import gc
import gzip
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from dialer.telephony.asterisk.ami_frames import FRAME_END, AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings
from dialer.telephony.asterisk.ami_wire import AmiWire

CAPTURE: Final = Path(__file__).with_name("ami_events.capture.gz")
CHUNK: Final = 64 * 1024
ROUNDS: Final = 4
WANTED: Final = (
    "OriginateResponse",
    "Hangup",
    "Newstate",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "BridgeLeave",
    "UserEvent",
)
FIELDS: Final = ("Uniqueid", "ChannelStateDesc", "Cause")


def recorded_stream(events: int = 100_000) -> bytes:
    """The capture again and again, without the login at its beginning and the answers to actions."""
    frames = gzip.decompress(CAPTURE.read_bytes()).split(FRAME_END)[:-1]
    kept = [f + FRAME_END for f in frames if f.startswith(b"Event: ") and b"FullyBooted" not in f]
    return b"".join(kept) * max(1, round(events / len(kept)))


def run(stream: bytes) -> dict[str, float | int | bool]:
    """Events per CPU-second of each, the best of a few rounds. Runs outside any event loop."""
    events = _count(stream)
    chunks = [stream[at : at + CHUNK] for at in range(0, len(stream), CHUNK)]
    seconds = {
        "split": _best(lambda: _split(chunks)),
        "ours": _best(lambda: _ours(chunks, _ignore)),
        "ours_three_fields": _best(lambda: _ours(chunks, _read_fields)),
        "ours_all_fields": _best(lambda: _ours(chunks, _read_all)),
        "panoramisk": _best(lambda: _panoramisk(chunks, _ignore_message)),
    }
    figures: dict[str, float | int | bool] = {
        f"{name}_per_s": round(events / s) for name, s in seconds.items()
    }
    ratios = {f"{name}_times": round(seconds["panoramisk"] / s, 1) for name, s in seconds.items()}
    lost = _lost(stream, chunks)
    return {"events": events, "bytes": len(stream), **figures, **ratios, **lost}


def _count(stream: bytes) -> int:
    return stream.count(FRAME_END)


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def _split(chunks: list[bytes]) -> None:
    rest = b""
    for chunk in chunks:
        *_, rest = (rest + chunk).split(FRAME_END)


def _ours(chunks: list[bytes], consume: Callable[[AmiEvent], None]) -> None:
    """Framing, selection, the link's bounded queue and its consumer's end."""
    settings = AmiSettings(host="", port=0, username="", secret="")
    link = AmiLink(settings, random.Random(0), WANTED)
    wire = AmiWire(WANTED)
    wire.listen(link.deliver)
    for chunk in chunks:
        wire.data_received(chunk)
        for event in _drained(link):
            consume(event)


def _drained(link: AmiLink) -> Iterator[AmiEvent]:
    while not link.events.empty():
        event = link.events.get_nowait()
        if isinstance(event, AmiEvent):
            yield event


def _ignore(_event: AmiEvent) -> None: ...


def _read_fields(event: AmiEvent) -> None:
    for name in FIELDS:
        event.get(name)


def _read_all(event: AmiEvent) -> None:
    event.headers()


def _ignore_message(_manager: object, _message: object) -> None: ...


def _panoramisk(chunks: list[bytes], callback: Callable[[object, object], None]) -> None:
    """As its manual shows it: one callback for all events."""
    loop = asyncio.new_event_loop()
    try:
        manager = Manager(loop=loop)
        manager.register_event("*", callback)
        protocol = AMIProtocol()
        protocol.connection_made(None)
        protocol.factory, protocol.encoding = manager, "utf-8"
        for chunk in chunks:
            protocol.data_received(chunk)
    finally:
        loop.close()


def _lost(stream: bytes, chunks: list[bytes]) -> dict[str, int | bool]:
    """Counted in the bytes themselves, and compared in order with what panoramisk delivers."""
    ours: list[tuple[str, str]] = []
    theirs: list[tuple[str, str]] = []

    def note(_manager: object, message: dict[str, str]) -> None:
        if message["event"] in WANTED:
            theirs.append((message["event"], message.get("uniqueid", "")))

    _ours(chunks, lambda event: ours.append((event.name, event.get("Uniqueid"))))
    _panoramisk(chunks, note)  # type: ignore[arg-type]
    wanted = sum(stream.count(f"Event: {name}\r\nPrivilege: ".encode()) for name in WANTED)
    return {"wanted": wanted, "wanted_lost": wanted - len(ours), "same_order": ours == theirs}
