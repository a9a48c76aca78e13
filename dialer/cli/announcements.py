"""fairdial announcements …: the carrier's announcements that are recognised on the line before the answer."""

import getpass
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialer.cli import console
from dialer.clock import SystemClock
from dialer.domain.announcements import Announcement, number_is
from dialer.errors import BadInput
from dialer.words import name_of

if TYPE_CHECKING:
    from dialer.audio.announcements import Match
    from dialer.domain.recycling import RetryRule
    from dialer.listening.collection import Collection, Entry

commands = console.group("Carrier announcements (空号, powered off …) that are recognised before the answer.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Recording = Annotated[Path, typer.Argument(help="WAV, or what soundfile or ffmpeg can read.")]


def _collection() -> "Collection":
    from dialer.listening.collection import Collection

    collection = Collection.load(console.settings().ears.announcements)
    for each in collection.damaged:
        typer.echo(
            "fairdial: " + console.words("announcements.damaged", file=each.file, because=each.because),
            err=True,
        )
    return collection


@commands.command()
def add(
    file: Recording,
    announcement: Annotated[str, typer.Option("--class", help="powered_off, vacant …: see `classes`.")],
    name: Annotated[str, typer.Option(help="What the clip is called; otherwise the file's name.")] = "",
    from_s: Annotated[float, typer.Option("--from", help="Where the announcement begins, seconds.")] = 0.0,
    to_s: Annotated[float | None, typer.Option("--to", help="Where it ends, seconds.")] = None,
) -> None:
    """Learn an announcement from one recording of it: once, without ringing before or after."""
    from dialer.audio.fingerprint import learn
    from dialer.audio.library import Clip
    from dialer.cli import audio_file
    from dialer.listening.collection import Entry

    which = _class(announcement)
    called = _name(name or file.stem)
    collection = _collection()
    samples = audio_file.read(file)
    length_s = len(samples) / audio_file.RATE
    until_s = length_s if to_s is None else min(to_s, length_s)
    if not 0 <= from_s < until_s:
        raise BadInput(
            f"--from {from_s:g} --to {until_s:g}: nothing lies between; {file} is {length_s:.1f} s long",
            "from",
        )
    cut = samples[round(from_s * audio_file.RATE) : round(until_s * audio_file.RATE)]
    try:
        clip = Clip(called, which, learn(cut))
    except BadInput as wrong:
        raise BadInput(f"{file}: {wrong}", "file") from None
    digest = sha256(file.read_bytes()).hexdigest()
    entry = Entry(clip, file.name, digest, from_s, round(until_s, 3), SystemClock().now(), getpass.getuser())
    after = collection.add(entry)
    console.tell(
        "announcements.added",
        name=called,
        announcement=name_of("announcement", which, console.language()),
        seconds=f"{clip.fingerprint.seconds:.1f}",
    )
    _warn_of_likeness(entry, after)


def _class(announcement: str) -> Announcement:
    if announcement not in set(Announcement):
        raise BadInput(f"--class {announcement}: one of {', '.join(Announcement)}", "class")
    return Announcement(announcement)


def _name(name: str) -> str:
    from dialer.listening.collection import LONGEST_NAME

    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadInput(f"--name: 1 to {LONGEST_NAME} characters in one line", "name")
    return name


def _warn_of_likeness(entry: "Entry", collection: "Collection") -> None:
    ours = [pair for pair in _alike(collection) if entry.clip.name in (pair["clip"], pair["other"])]
    if any(pair["differs_from_s"] is None for pair in ours):
        console.tell("announcements.too_alike", name=entry.clip.name)


@commands.command("list")
def list_clips(as_json: Json = False) -> None:
    """The clips that are known."""
    collection = _collection()
    entries = sorted(collection.entries, key=lambda each: (each.clip.announcement, each.clip.name))
    if as_json:
        damaged = [{"file": each.file, "because": each.because} for each in collection.damaged]
        console.show_json({"folder": str(collection.folder), "clips": [*map(_entry_json, entries)],
                           "damaged": damaged})  # fmt: skip
        return
    language = console.language()
    rows = [
        (
            each.clip.name,
            name_of("announcement", each.clip.announcement, language),
            name_of("number_is", number_is(each.clip.announcement), language),
            f"{each.clip.fingerprint.seconds:.1f} s",
            each.source,
            each.added_at,
            each.added_by,
        )
        for each in entries
    ]
    console.show(("name", "announcement", "number_is", "length", "file", "added", "by"), rows)


def _entry_json(entry: "Entry") -> dict[str, Any]:
    return {
        "name": entry.clip.name,
        "announcement": entry.clip.announcement.value,
        "number_is": number_is(entry.clip.announcement).value,
        "seconds": round(entry.clip.fingerprint.seconds, 2),
        "source": entry.source,
        "source_sha256": entry.source_sha256,
        "from_s": entry.from_s,
        "to_s": entry.to_s,
        "added_at": entry.added_at,
        "added_by": entry.added_by,
        "file": entry.file,
    }


@commands.command()
def classes(as_json: Json = False) -> None:
    """The classes, what each says about the number, and when the contact is called again unless a campaign says otherwise."""
    from dialer.domain.announcements import default_announcement_rules

    rules, language = default_announcement_rules(), console.language()
    if as_json:
        console.show_json(
            [
                {"announcement": each.value, "number_is": number_is(each).value, "again_after_s": rules[each].delay,
                 "most": rules[each].most, "number_is_dead": rules[each].number_is_dead}
                for each in Announcement
            ]
        )  # fmt: skip
        return
    rows = [
        (each.value, name_of("announcement", each, language), name_of("number_is", number_is(each), language),
         _again_after(rules[each]))
        for each in Announcement
    ]  # fmt: skip
    console.show(("code", "announcement", "number_is", "again_after"), rows)


def _again_after(rule: "RetryRule") -> str:
    if rule.number_is_dead:
        return "–"
    minutes = rule.delay.total_seconds() / 60
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"


@commands.command()
def remove(name: Annotated[str, typer.Argument(help="The clip's name, or that of a damaged file.")]) -> None:
    """Forget a clip."""
    _collection().remove(name)
    console.tell("announcements.removed", name=name)


@commands.command()
def classify(file: Recording, as_json: Json = False) -> None:
    """What would have been recognised live in a recording from before the answer."""
    from dialer.audio.announcements import listen
    from dialer.cli import audio_file

    samples = audio_file.read(file)
    collection = _collection()
    if not collection.entries:
        raise BadInput(
            f"no announcement is known yet in {collection.folder}: `fairdial announcements add` learns one"
        )
    matches = listen(samples, collection.library())
    if as_json:
        console.show_json({"file": str(file), "matches": [*map(_match_json, matches)]})
        return
    if not matches:
        console.tell("announcements.none_heard")
        return
    console.show(("time", "announcement", "name", "similarity", "number_is"), map(_row, matches))


def _match_json(match: "Match") -> dict[str, Any]:
    decided = match.announcement
    return {
        "at_s": match.at_s,
        "verdict": "announcement" if decided else "one_of" if match.among else "taken_back",
        "announcement": decided.value if decided else None,
        "among": sorted(match.among),
        "number_is": number_is(decided).value if decided else None,
        "clip": match.clip,
        "similarity": match.similarity,
        "heard_s": match.heard_s,
        "clip_s": match.clip_s,
    }


def _row(match: "Match") -> tuple[str, ...]:
    language, decided = console.language(), match.announcement
    named = " / ".join(name_of("announcement", each, language) for each in sorted(match.among))
    return (
        f"{match.at_s:.2f} s",
        named or console.words("announcements.taken_back"),
        match.clip,
        f"{match.similarity:.2f}",
        name_of("number_is", number_is(decided), language) if decided else "",
    )


@commands.command()
def check(as_json: Json = False) -> None:
    """Clips of different classes that share sentences: from when on they can be told apart, if ever. Status 1: never."""
    pairs = _alike(_collection())
    if as_json:
        console.show_json(pairs)
    elif not pairs:
        console.tell("announcements.all_differ")
    else:
        never = console.words("announcements.never")
        rows = [
            (pair["clip"], pair["other"], f"{pair['similarity']:.2f}", f"{pair['alike_s']:.1f} s",
             never if pair["differs_from_s"] is None else f"{pair['differs_from_s']:.1f} s")
            for pair in pairs
        ]  # fmt: skip
        console.show(("name", "resembles", "similarity", "alike", "differs_from"), rows)
    if any(pair["differs_from_s"] is None for pair in pairs):
        raise typer.Exit(1)


def _alike(collection: "Collection") -> list[dict[str, Any]]:
    from dialer.audio.resemblance import resemblance

    found = []
    for one, other in permutations((entry.clip for entry in collection.entries), 2):
        if one.announcement is other.announcement:
            continue
        shared = resemblance(one.fingerprint, other.fingerprint)
        if shared is not None:
            found.append(
                {"clip": one.name, "announcement": one.announcement.value,
                 "other": other.name, "other_announcement": other.announcement.value,
                 "similarity": round(shared.similarity, 3), "alike_s": round(shared.alike_s, 2),
                 "differs_from_s": shared.differs_from_s}
            )  # fmt: skip
    return found
