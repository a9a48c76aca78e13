"""Round trips through telephone codecs, 20 ms frames, with frames lost on the way."""

import audioop
import ctypes
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from dialer.lab.ears.material import material

Audio = NDArray[np.int16]
Lost = NDArray[np.bool_]
"""One for each frame of 160 samples."""
FRAME = 160


def ulaw(audio: Audio, lost: Lost) -> Audio:
    return _silenced(np.frombuffer(audioop.ulaw2lin(audioop.lin2ulaw(audio.tobytes(), 2), 2), np.int16), lost)


def alaw(audio: Audio, lost: Lost) -> Audio:
    return _silenced(np.frombuffer(audioop.alaw2lin(audioop.lin2alaw(audio.tobytes(), 2), 2), np.int16), lost)


def ulaw_repeated(audio: Audio, lost: Lost) -> Audio:
    """What a simple concealment does: the last frame once more."""
    heard = ulaw(audio, np.zeros_like(lost)).reshape(-1, FRAME).copy()
    for place in np.flatnonzero(lost):
        heard[place] = heard[place - 1] if place else 0
    return heard.reshape(-1)


def gsm(audio: Audio, lost: Lost) -> Audio:
    """GSM full rate; a lost frame is silence."""
    library = material().library("libgsm")
    library.gsm_create.restype = ctypes.c_void_p
    coder, decoder = (ctypes.c_void_p(library.gsm_create()) for _ in range(2))
    packed = ctypes.create_string_buffer(33)
    source, out = np.ascontiguousarray(audio).copy(), np.zeros_like(audio)
    try:
        for at in range(0, len(audio), FRAME):
            library.gsm_encode(coder, _pointer(source, at), packed)
            library.gsm_decode(decoder, packed, _pointer(out, at))
    finally:
        library.gsm_destroy(coder)
        library.gsm_destroy(decoder)
    return _silenced(out, lost)


def amr_4k75(audio: Audio, lost: Lost) -> Audio:
    return _amr(audio, lost, 0)


def amr_12k2(audio: Audio, lost: Lost) -> Audio:
    return _amr(audio, lost, 7)


def _amr(audio: Audio, lost: Lost, mode: int) -> Audio:
    """AMR-NB; the decoder conceals lost frames its own way."""
    library = material().library("libopencore-amrnb")
    library.Encoder_Interface_init.restype = library.Decoder_Interface_init.restype = ctypes.c_void_p
    coder = ctypes.c_void_p(library.Encoder_Interface_init(0))
    decoder = ctypes.c_void_p(library.Decoder_Interface_init())
    packed = ctypes.create_string_buffer(64)
    source, out = np.ascontiguousarray(audio).copy(), np.zeros_like(audio)
    try:
        for number, at in enumerate(range(0, len(audio), FRAME)):
            library.Encoder_Interface_Encode(coder, mode, _pointer(source, at), packed, 0)
            library.Decoder_Interface_Decode(decoder, packed, _pointer(out, at), int(lost[number]))
    finally:
        library.Encoder_Interface_exit(coder)
        library.Decoder_Interface_exit(decoder)
    return out


def _pointer(samples: Audio, at: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(samples.ctypes.data + 2 * at)


def _silenced(audio: Audio, lost: Lost) -> Audio:
    heard = audio.reshape(-1, FRAME).copy()
    heard[lost] = 0
    return heard.reshape(-1)


CODECS: Mapping[str, Callable[[Audio, Lost], Audio]] = {
    "u-law": ulaw,
    "u-law, last frame repeated": ulaw_repeated,
    "A-law": alaw,
    "GSM": gsm,
    "AMR-NB 4.75": amr_4k75,
    "AMR-NB 12.2": amr_12k2,
}
