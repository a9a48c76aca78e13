"""What a caller is told: words in a language, and the pieces of which they were put together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words in a language; `file` is the recording to play in their place when there is one.

    `pieces` are the same words as fixed text and values by turns, fixed text first (empty where two values meet): the
    fixed ones are known when a flow is published, `pieces[1::2]` only on the call. None for a recording without words.
    `prompt` is the id, empty for one written in place; `flow` the flow whose recordings are meant.
    """

    text: str
    language: str
    file: str | None = None
    barge_in: bool = True
    rate: str = "normal"
    prompt: str = ""
    pieces: tuple[str, ...] = ()
    flow: str = ""
