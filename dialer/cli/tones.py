"""fairdial tones …: what a recording from before the answer would have told the dialler, and the tones it knows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from dialer.cli import console, home_tones
from dialer.errors import BadInput
from dialer.words import name_of

if TYPE_CHECKING:
    from dialer.audio.learned import LearnedTones
    from dialer.audio.ringback import Verdict
    from dialer.audio.zones import Sound

commands = console.group("Ring-back tones and what else is heard before a call is answered.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Recording = Annotated[Path, typer.Argument(help="WAV, or what soundfile or ffmpeg can read.")]
Homes = Annotated[
    list[str], typer.Option("--home", help="The trunk's own country: cn, us … May be repeated.")
]
LearnedFile = Annotated[
    Path | None, typer.Option("--learned", help="Tones learned on this trunk: a file of `tones learn`.")
]
Tolerance = Annotated[
    float, typer.Option("--tolerance", help="How far the home tone's frequency may be off, Hz.")
]
_TOLERANCE_HZ = 8.0
_LONGEST_S = 600.0


@commands.command()
def classify(
    file: Recording,
    home: Homes,
    learned: LearnedFile = None,
    tolerance: Tolerance = _TOLERANCE_HZ,
    caution: Annotated[
        str, typer.Option(help="What a hang-up waits for: frequency, burst or period.")
    ] = "burst",
    as_json: Json = False,
) -> None:
    """What would have been heard live in a recording that begins with the first early media."""
    from dialer.audio.ear import listen
    from dialer.audio.home import Home
    from dialer.audio.ringback import Caution
    from dialer.cli import audio_file

    if caution not in set(Caution):
        raise BadInput(f"--caution {caution}: one of {', '.join(Caution)}", "caution")
    known = _read_learned(learned).sounds() if learned is not None else ()
    where = Home.of(*home, learned=known, tolerance_hz=tolerance)
    verdicts, tone = listen(audio_file.read(file), where, Caution(caution))
    if as_json:
        measured = None if tone is None else {"hz": list(tone.hz), "cadence": list(tone.cadence)}
        shown = [_as_json(each) for each in verdicts]
        console.show_json(
            {"file": str(file), "home": sorted(where.countries), "verdicts": shown, "tone": measured}
        )
        return
    console.show(("time", "verdict", "signal", "countries", "confidence", "detail"), map(_row, verdicts))


def _as_json(verdict: "Verdict") -> dict[str, Any]:
    evidence = verdict.evidence
    return {
        "at_s": verdict.at_s,
        "verdict": verdict.hypothesis.value,
        "signal": verdict.signal.value,
        "country_set": sorted(verdict.countries),
        "confidence": verdict.confidence,
        "may_hang_up": verdict.may_hang_up,
        "evidence": {
            "lines_hz": list(evidence.lines_hz),
            "bursts_s": list(evidence.bursts_s),
            "silences_s": list(evidence.silences_s),
            "level_dbm0": evidence.level_dbm0,
            "tones": list(evidence.tones),
            "detail": evidence.detail,
        },
    }


def _row(verdict: "Verdict") -> tuple[str, ...]:
    words, evidence = console.language(), verdict.evidence
    said = name_of("hypothesis", verdict.hypothesis, words)
    if verdict.may_hang_up:
        said += f" · {console.words('tones.may_hang_up')}"
    heard = "+".join(f"{hz:.0f}" for hz in evidence.lines_hz)
    detail = evidence.detail or (f"{heard} Hz" if heard else "")
    return (
        f"{verdict.at_s:.2f} s",
        said,
        name_of("signal", verdict.signal, words),
        _countries(verdict.countries),
        f"{verdict.confidence:.2f}",
        detail,
    )


def _countries(codes: frozenset[str], most: int = 12) -> str:
    ordered = sorted(codes)
    more = f" +{len(ordered) - most}" if len(ordered) > most else ""
    return " ".join(ordered[:most]) + more


@commands.command("list")
def list_tones(
    home: Annotated[
        str | None, typer.Option("--home", help="What this country plays, and what it cannot tell.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ring-back tones and the countries that share them; or all about one country."""
    from dialer.audio.zones import load

    zones = load()
    if home is None:
        groups = [(head.as_written, sorted(members)) for head, members in zones.groups()]
        if as_json:
            console.show_json([{"tone": tone, "countries": members} for tone, members in groups])
        else:
            console.show(("tone", "count", "countries"), [(t, len(m), " ".join(m)) for t, m in groups])
        return
    same = sorted(zones.same_ring(home))
    sounds = sorted(zones.of(home), key=lambda sound: (sound.kind, sound.as_written))
    if as_json:
        console.show_json(
            {
                "country": zones.country(home),
                "name": zones.names[zones.country(home)],
                "tones": [_sound_json(sound) for sound in sounds],
                "ring_not_told_from": same,
            }
        )
        return
    rows = [
        (name_of("tone", s.kind, console.language()), s.as_written, " ".join(sorted(s.sources)))
        for s in sounds
    ]
    console.show(("kind", "tone", "source"), rows)
    console.tell("tones.not_told_from", countries=" ".join(same) or "–")


def _sound_json(sound: "Sound") -> dict[str, Any]:
    return {
        "kind": sound.kind.value,
        "tone": sound.as_written,
        "cadence": list(sound.steps),
        "sources": sorted(sound.sources),
        "certain": sound.certain,
    }


@commands.command()
def synth(
    country: Annotated[str, typer.Argument(help="cn, us …")],
    kind: Annotated[str, typer.Argument(help="ring, busy, congestion, number_unobtainable, sit, dial.")],
    file: Annotated[Path, typer.Argument(help="The WAV file to write.")],
    seconds: Annotated[float, typer.Option(help="How long.")] = 15.0,
    level: Annotated[float, typer.Option(help="dBm0.")] = -16.0,
    variant: Annotated[int, typer.Option(min=1, help="Which of several that are listed.")] = 1,
    lead: Annotated[float, typer.Option(help="Seconds of silence before it.")] = 0.0,
) -> None:
    """Write a listed tone to a WAV file, to try things out."""
    import numpy as np

    from dialer.audio import synth as synthesis
    from dialer.audio.zones import Kind, load
    from dialer.cli import audio_file

    if kind not in set(Kind):
        raise BadInput(f"{kind}: one of {', '.join(Kind)}", "kind")
    if not 0 < seconds <= _LONGEST_S or not 0 <= lead <= _LONGEST_S or not -60 <= level <= 0:
        raise BadInput(f"0 to {_LONGEST_S:g} seconds and -60 to 0 dBm0 can be written", "seconds")
    listed = sorted(
        load().of(country, Kind(kind)), key=lambda sound: (not sound.certain, -len(sound.sources))
    )
    if len(listed) < variant:
        raise BadInput(f"{country}: {len(listed)} tones of the kind {kind} are listed", "variant")
    tone = synthesis.render(listed[variant - 1], seconds, level)
    silence = np.zeros(round(lead * audio_file.RATE), np.int16)
    audio_file.write(file, np.concatenate([silence, tone]))
    typer.echo(f"{file}: {listed[variant - 1].as_written}")


@commands.command()
def learn(
    files: Annotated[
        list[Path], typer.Argument(help="Recordings from before the answer, of domestic calls only.")
    ],
    out: Annotated[Path, typer.Option(help="The trunk's tones (JSON): read when it exists, and written.")],
    trunk: Annotated[str, typer.Option(help="The trunk's name.")] = "",
    as_json: Json = False,
) -> None:
    """Learn a trunk's own ring-back tone from its answered domestic calls: it counts after three."""
    from dialer.audio.ear import measure
    from dialer.audio.learned import ENOUGH_CALLS, LearnedTones
    from dialer.cli import audio_file

    known = _read_learned(out) if out.exists() else LearnedTones(trunk)
    heard = 0
    for file in files:
        tone = measure(audio_file.read(file))
        if tone is not None:
            known, heard = known.hear(tone), heard + 1
    document = known.as_document()
    try:
        out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise BadInput(f"{out}: {error.strerror or error}", "out") from None
    if as_json:
        console.show_json(document)
        return
    console.tell("tones.learned", heard=heard, files=len(files), tones=len(known.tones))
    rows = [
        (tone.as_sound().as_written, tone.calls, "" if tone.calls < ENOUGH_CALLS else "✓")
        for tone in known.tones
    ]
    console.show(("tone", "calls", "counts"), rows)


def _read_learned(file: Path) -> "LearnedTones":
    from dialer.audio.learned import LearnedTones

    try:
        return LearnedTones.from_document(orjson.loads(file.read_bytes()))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror or error}", "learned") from None
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{file}: not JSON: {error}", "learned") from None


commands.command()(home_tones.home)
commands.command()(home_tones.forget)
