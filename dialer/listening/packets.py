"""AudioSocket's packets: one byte for the kind, two for the length (big-endian), and that many bytes.

See Asterisk's `res_audiosocket`. Almost all are 20 ms of sound and are read many at a time by `receiver`; here is the reader
of everything else: split packets, other lengths, the end.
"""

from typing import Final

from dialer.errors import BadInput

END, UUID, DTMF, AUDIO, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
HEAD = 3
FRAME_BYTES: Final = 320
"""20 ms of 8 kHz, 16 bit."""
PACKET = HEAD + FRAME_BYTES
FRAME_HEAD = bytes([AUDIO]) + FRAME_BYTES.to_bytes(2, "big")
UUID_PACKET = HEAD + 16
UUID_HEAD = bytes([UUID, 0, 16])
LONGEST_AUDIO = 1600
"""Bytes: 100 ms; Asterisk sends 20."""
_LONGEST_OTHER = 64


class Packets:
    """Of one connection, after its uuid."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._sound = bytearray()
        self.ended = False
        """The other side has said so."""

    @property
    def idle(self) -> bool:
        """Nothing is left over: what comes next begins with a packet."""
        return not self._bytes and not self._sound and not self.ended

    def take(self, came: bytes) -> list[bytes]:
        """The whole frames of sound in it. Raises `BadInput` for what AudioSocket does not send."""
        self._bytes += came
        while not self.ended and len(self._bytes) >= HEAD:
            kind, length = self._bytes[0], int.from_bytes(self._bytes[1:HEAD], "big")
            _check(kind, length)
            if len(self._bytes) < HEAD + length:
                break
            if kind == AUDIO:
                self._sound += self._bytes[HEAD : HEAD + length]
            self.ended = kind in (END, ERROR)
            del self._bytes[: HEAD + length]
        whole = len(self._sound) // FRAME_BYTES * FRAME_BYTES
        frames = [bytes(self._sound[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]
        del self._sound[:whole]
        return frames


def _check(kind: int, length: int) -> None:
    if kind == AUDIO:
        if length > LONGEST_AUDIO or length % 2:
            raise BadInput(f"{length} bytes of sound: an even number up to {LONGEST_AUDIO} was expected")
    elif kind not in (END, DTMF, ERROR) or length > _LONGEST_OTHER:
        raise BadInput(f"a packet of kind 0x{kind:02x} and {length} bytes")
