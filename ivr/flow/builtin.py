"""Prompts and nodes every flow has unless it brings its own: a sensible word after silence, a wrong key, a fault."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ivr.flow.model import Head
from ivr.flow.nodes import HangUp, Node
from ivr.flow.nodes.node import ERROR, FAILURE
from ivr.flow.prompts import Prompt, PromptRef, Wording, template
from ivr.words import LANGUAGES, Language, say

PREFIX: Final = "builtin/"
PROMPTS: Final = (
    "no_input", "invalid", "failure", "error", "record_other", "option", "number", "rating", "rating_zero_is_ten",
    "enough", "refuse",
)  # fmt: skip
NAMES: Final = frozenset({"label", "key", "least", "most"})
"""What these prompts may put in besides the session's own values."""


def add_builtin(head: Head, nodes: Mapping[str, Node]) -> tuple[Head, dict[str, Node]]:
    prompts = {PREFIX + name: _prompt(name, head.languages) for name in PROMPTS}
    own = {name: _completed(one, prompts.get(name)) for name, one in head.prompts.items()}
    ends: dict[str, Node] = {
        FAILURE: HangUp(prompt=(PromptRef(f"{PREFIX}failure"),), result="no_answer"),
        ERROR: HangUp(prompt=(PromptRef(f"{PREFIX}error"),), result="error"),
    }
    return replace(head, prompts={**prompts, **own}), {**ends, **nodes}


def _prompt(name: str, languages: tuple[str, ...]) -> Prompt:
    said: list[str] = [one for one in LANGUAGES if one in languages]
    return Prompt({one: Wording(text=template(say(f"prompt.{name}", _ours(one)))) for one in said}, {})


def _ours(language: str) -> Language:
    return "zh" if language == "zh" else "en"


def _completed(own: Prompt, builtin: Prompt | None) -> Prompt:
    if builtin is None:
        return own
    return Prompt({**builtin.wordings, **own.wordings}, own.variants)
