"""What a caller does on a way through a flow, and what is to come of it; the same for every shell that can carry it out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr.engine import commands as do
from ivr.flow.model import Flow
from ivr.flow.prompts import Wording
from ivr.ports import Answer
from ivr.rehearse import Key, parse_keys
from ivr.samples import sample
from ivr.spoken import Spoken

Heard = tuple[str, str]
"""(language, prompt); a prompt that was said in one of its variants has the name `greeting.morning`."""

OUTCOMES: Final = ("answered", "busy", "no_answer", "failed")
BUILT_IN: Final = "builtin/"
_CHINA: Final = ZoneInfo("Asia/Shanghai")
_TOKEN: Final = re.compile(r"(~?)([\w/.]+?)(?:\*(\d+))?")


@dataclass(frozen=True, slots=True)
class Step:
    """What is heard, and what the caller, or the world, does then.

    `does` is a word of `fairdial ivr rehearse --keys`; empty at the end. `early`: it is pressed while the words are said.
    """

    heard: tuple[Heard, ...]
    does: Key | None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """`ways` are pairs: prompts by id, and a word for what is done then, with `!` before a key that cuts the words short.

    Of the prompts `~option*4` means four times `builtin/option`, and `@en` that from here on English is spoken. `at` is
    a time in China. `effects` are written as `effect` writes them; where a flow may not ask, `reply` is None.
    """

    name: str
    sample: str
    ways: Sequence[tuple[str, str]]
    result: str
    effects: Sequence[str] = ()
    language: str | None = None
    at: str = "2026-03-02T10:00"
    contact: Mapping[str, Any] = field(default_factory=dict)
    reply: Answer | None = None

    @property
    def flow(self) -> Flow:
        return _sample(self.sample)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at).replace(tzinfo=_CHINA)

    @property
    def begins_in(self) -> str:
        return self.language or self.flow.head.languages[0]

    @property
    def known(self) -> dict[str, Any]:
        """Of the caller."""
        return {**self.flow.head.contact_fields, **self.contact}

    @property
    def steps(self) -> list[Step]:
        language, steps = self.begins_in, []
        for words, does in self.ways:
            heard = []
            for token in words.split():
                if token.startswith("@"):
                    language = token[1:]
                else:
                    heard += [(language, name) for name in _names(token)]
            keys = parse_keys(does.removeprefix("!"))
            steps.append(Step(tuple(heard), keys[0] if keys else None, does.startswith("!")))
        return steps


@cache
def _sample(name: str) -> Flow:
    return sample(name)


def _names(token: str) -> list[str]:
    found = _TOKEN.fullmatch(token)
    assert found is not None, token
    built_in, name, times = found.groups()
    return [(BUILT_IN if built_in else "") + name] * int(times or 1)


def said(flow: Flow, spoken: Spoken) -> Heard:
    prompt = flow.head.prompts[spoken.prompt]
    for variant, wordings in prompt.variants.items():
        if (wording := wordings.get(spoken.language)) and _begins(wording) == spoken.pieces[0]:
            return spoken.language, f"{spoken.prompt}.{variant}"
    return spoken.language, spoken.prompt


def _begins(wording: Wording) -> str:
    first = wording.text.parts[0]
    return first if isinstance(first, str) else ""


def sounds_of(flow: Flow) -> Iterator[Heard]:
    """Everything the flow can say."""
    for name, prompt in flow.head.prompts.items():
        yield from ((language, name) for language in prompt.wordings)
        for variant, wordings in prompt.variants.items():
            yield from ((language, f"{name}.{variant}") for language in wordings)


def prompts_of(commands: Sequence[do.Command]) -> list[Spoken]:
    return [one for command in commands for one in getattr(command, "prompts", ())]


def effects_of(commands: Sequence[do.Command]) -> list[str]:
    found = (effect(command) for command in commands)
    return [one for one in found if one]


def effect(command: do.Command) -> str:
    """What a command does in the world, in words of a table; questions that were not come to are left out."""
    match command:
        case do.SaveAnswer(question=question, status=status, value=value):
            return answered(question, status, value)
        case do.Transfer(kind=kind, target=target):
            return f"transfer {kind} {target}"
        case do.OptOut(number=number, scope=scope):
            return f"opt_out {number} {scope}"
        case do.Callback(number=number, queue=queue, about=about):
            return f"callback {number} {queue}: {about}"
        case do.Sms(number=number):
            return f"sms {number}"
        case do.Voicemail(box=box):
            return f"voicemail {box}"
    return ""


def answered(question: str, status: str, value: Any) -> str:
    if status == "not_asked":
        return ""
    if status != "answered":
        return f"{question}: {status}"
    if isinstance(value, list | tuple):
        value = "+".join(map(str, value))
    return f"{question} = {value}"
