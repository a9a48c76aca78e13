"""Brings sound to the ears as Asterisk does, from a process of its own: `python -m dialer.lab.bench.ear_sender`.

Standard input has one JSON document: `address`, `sound` (a .npy file of int16 [kinds, frames, 160], played over and over),
`taps`, `seconds`. Every tap is a connection of its own with one frame every 20 ms.
"""

import gc
import json
import socket
import sys
import time
from typing import Any
from uuid import UUID

import numpy as np

FRAME_S = 0.02
_UUID_HEAD, _AUDIO_HEAD, _END = b"\x01\x00\x10", b"\x10\x01\x40", b"\x00\x00\x00"


def play(address: str, sound: str, taps: list[str], seconds: float) -> dict[str, Any]:
    kinds = [[_AUDIO_HEAD + frame.astype("<i2").tobytes() for frame in kind] for kind in np.load(sound)]
    host, _, port = address.rpartition(":")
    lines = []
    for nth, tap in enumerate(taps):
        line = socket.create_connection((host, int(port)))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.send(_UUID_HEAD + UUID(tap).bytes)
        # neither the same tone nor the same moment of it
        lines.append((line.send, kinds[nth % len(kinds)], 7 * nth))
    gc.disable()
    begun, late_s = time.monotonic(), 0.0
    count = round(seconds / FRAME_S)
    for number in range(count):
        for send, kind, ahead in lines:
            send(kind[(number + ahead) % len(kind)])
        left = begun + (number + 1) * FRAME_S - time.monotonic()
        late_s = max(late_s, -left)
        if left > 0:
            time.sleep(left)
    for send, _, _ in lines:
        send(_END)
    return {"sent": count * len(lines), "late_s": round(late_s, 3)}


if __name__ == "__main__":
    print(json.dumps(play(**json.load(sys.stdin))))
