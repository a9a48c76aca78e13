"""Every prompt that is used exists, in every language of the flow."""

from collections.abc import Iterator
from dataclasses import replace

from ivr.flow.builtin import PREFIX
from ivr.flow.kinds import Reading, closest
from ivr.flow.model import Flow
from ivr.flow.nodes import Question
from ivr.flow.problems import Problem, Weight
from ivr.flow.prompts import Prompt
from ivr.flow.validation.names import at, in_head


def problems(flow: Flow, reading: Reading) -> Iterator[Problem]:
    yield from _used(flow, reading)
    for prompt, item, node in reading.inline:
        for language in _missing(flow, prompt):
            yield Problem("no_wording_here", item.file, item.line, node, item.path, {"language": language})
    yield from _labels(flow)
    yield from _unused(flow, reading)


def missing(flow: Flow) -> list[tuple[str, str, str]]:
    """Prompt, variant (empty for the plain one) and language of every wording that is not there."""
    lacking: list[tuple[str, str, str]] = []
    for name, prompt in sorted(flow.head.prompts.items()):
        lacking += [(name, "", language) for language in _missing(flow, prompt)]
        for variant, wordings in prompt.variants.items():
            lacking += [(name, variant, one) for one in flow.head.languages if one not in wordings]
    return lacking


def _missing(flow: Flow, prompt: Prompt) -> list[str]:
    return [language for language in flow.head.languages if language not in prompt.wordings]


def _used(flow: Flow, reading: Reading) -> Iterator[Problem]:
    told: set[str] = set()
    for reference in reading.prompts:
        item, name = reference.item, reference.name
        prompt = flow.head.prompts.get(name)
        if prompt is None:
            near = closest(name, list(flow.head.prompts))
            values = {"name": name, "near": near}
            yield Problem("no_such_prompt", item.file, item.line, reference.node, item.path, values)
        elif name not in told:
            told.add(name)
            for language in _missing(flow, prompt):
                values = {"name": name, "language": language}
                yield Problem("no_wording", item.file, item.line, reference.node, item.path, values)
    for name, node in flow.nodes.items():
        for used in node.spoken():
            if used.prompt is None and used.id.startswith(PREFIX) and used.id not in told:
                told.add(used.id)
                for language in _missing(flow, flow.head.prompts[used.id]):
                    yield at(flow, name, "no_wording", name=used.id, language=language)


def _labels(flow: Flow) -> Iterator[Problem]:
    """Labels of options are spoken."""
    for name, node in flow.nodes.items():
        if not isinstance(node, Question):
            continue
        for option in node.options:
            for language in flow.head.languages:
                if language not in option.label and "" not in option.label:
                    yield at(flow, name, "no_label", option=option.code, language=language)


def _unused(flow: Flow, reading: Reading) -> Iterator[Problem]:
    used = {reference.name for reference in reading.prompts}
    for name in flow.head.prompts:
        if name not in used and not name.startswith(PREFIX):
            problem = in_head(flow, f"prompts.{name}", "unused_prompt", name=name)
            yield replace(problem, weight=Weight.WARNING)
