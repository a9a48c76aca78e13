"""fairdial amd …: who has answered, in a recording that begins with the answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialer.cli import console
from dialer.errors import BadInput
from dialer.words import name_of

if TYPE_CHECKING:
    from dialer.audio.answered import Answer

commands = console.group("Who has answered: a person, a machine, a beep, a fax, nobody.")


@commands.command()
def classify(
    file: Annotated[Path, typer.Argument(help="WAV, or what soundfile or ffmpeg can read.")],
    audience: Annotated[
        str, typer.Option(help="Whom the campaign calls: homes, or offices, whose greetings are longer.")
    ] = "offices",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What would have been known live, in a recording that begins with the answer. Seconds from its beginning."""
    from dialer.audio.answer_model import Audience
    from dialer.audio.answered import listen
    from dialer.cli import audio_file

    if audience not in set(Audience):
        raise BadInput(f"--audience {audience}: one of {', '.join(Audience)}", "audience")
    answer, _ = listen(audio_file.read(file), Audience(audience))
    if as_json:
        console.show_json({"file": str(file), "audience": audience, **_as_json(answer)})
        return
    verdict = name_of("answered", answer.verdict, console.language())
    times = (answer.decided_at_s, answer.greeting_start_s, answer.greeting_end_s, answer.beep_at_s)
    console.show(
        ("verdict", "decided", "greeting_start", "greeting_end", "beep"), [(verdict, *map(_seconds, times))]
    )


def _as_json(answer: "Answer") -> dict[str, Any]:
    return {
        "verdict": answer.verdict.value,
        "treated_as_person": answer.verdict.is_person,
        "decided_at_s": answer.decided_at_s,
        "greeting_start_s": answer.greeting_start_s,
        "greeting_end_s": answer.greeting_end_s,
        "beep_at_s": answer.beep_at_s,
        "machine_probability": answer.machine,
    }


def _seconds(at_s: float | None) -> str:
    return "–" if at_s is None else f"{at_s:.2f} s"
