"""One step in the making: a copy of the state, the commands so far, the words not yet spoken."""

from collections.abc import Mapping
from typing import Any, Final

from ivr.engine import commands as do
from ivr.engine.scope import lookup
from ivr.engine.state import State
from ivr.errors import ExpressionError
from ivr.expressions import Value
from ivr.expressions.evaluation import MOST_ITEMS
from ivr.expressions.functions import LONGEST_TEXT, text
from ivr.flow.builtin import NAMES
from ivr.flow.calendar import Moment
from ivr.flow.model import Flow
from ivr.flow.nodes import Question
from ivr.flow.prompts import Prompt, PromptRef, Template
from ivr.spoken import speak

MOST_SUBFLOWS: Final = 8


class Turn:
    """Also the `Scope` of expressions. `local` holds names that exist only for a moment: `value`, `label`, `key`."""

    __slots__ = ("_moment", "commands", "flow", "local", "state", "words")

    def __init__(self, flow: Flow, state: State, at: float) -> None:
        self.flow: Flow = flow
        self.state: State = state
        self.commands: list[do.Command] = []
        self.words: list[do.Spoken] = []
        self.local: Mapping[str, Value] = {}
        self._moment: Moment | None = None
        state.at = max(at, state.at)

    @property
    def moment(self) -> Moment:
        if self._moment is None:
            self._moment = self.flow.head.moment(self.state.at)
        return self._moment

    def value(self, path: tuple[str, ...]) -> Value:
        if path[0] in self.local:
            return self.local[path[0]]
        return lookup(self, path)

    # --- moving ---

    def goto(self, name: str) -> None:
        state = self.state
        state.node, state.wait = name, ""
        state.tries, state.pending = 0, None

    def fail(self, target: str | None, failure: str) -> None:
        """Onto the node for failures: its own, else the flow's."""
        self.state.failure = failure
        self.goto(target or self.flow.head.on_failure)

    def fault(self, reason: str) -> None:
        """The flow went wrong. Once there is an error node; a fault after that ends the call."""
        state = self.state
        self.commands.append(do.Fault(node=state.node, reason=reason[:200]))
        self.words.clear()
        state.faults += 1
        state.failure = "error"
        if state.faults > 1:
            self.finish("error")
        else:
            state.stack.clear()
            self.goto(self.flow.head.on_error)

    def wait(self, what: str) -> int:
        """The number of this wait, for the command that is sent."""
        self.state.turn += 1
        self.state.wait = what
        return self.state.turn

    def finish(self, result: str, *, hang_up: bool = True) -> None:
        state = self.state
        self.flush()
        self._settle_questions()
        if hang_up:
            self.commands.append(do.HangUp())
        state.wait, state.ended = "", result
        checks = {name: self._holds(name) for name in self.flow.head.checks}
        seconds = round(state.at - state.started, 3)
        self.commands.append(do.Ended(result=result, node=state.node, seconds=seconds, checks=checks))

    def _holds(self, check: str) -> bool:
        try:
            return bool(self.flow.head.checks[check](self))
        except ExpressionError:
            return False

    # --- values ---

    def set(self, name: str, value: Value) -> None:
        self.state.variables[name] = bounded(value)

    def render(self, words: Template, language: str = "") -> str:
        parts = words.parts
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        return "".join(self.pieces(words, language or self.state.language))[:2000]

    def pieces(self, words: Template, language: str) -> tuple[str, ...]:
        """Fixed text and values by turns. What a question puts in of its own is as fixed as the text around it."""
        currency = self.flow.head.currency
        pieces = [""]
        for part in words.parts:
            if isinstance(part, str):
                pieces[-1] += part
                continue
            value = part.expression(self)
            said = speak(value, part.how, language, currency) if part.how else text(value)
            names = part.expression.names
            if names and all(path[0] in NAMES for path in names):
                pieces[-1] += said
            else:
                pieces += [said, ""]
        return tuple(pieces)

    # --- speaking ---

    def say(self, prompts: tuple[PromptRef, ...], *, barge_in: bool = True, rate: str = "normal") -> None:
        """Words that hold no values are put together once for a flow and a language."""
        prepared = self.flow.prepared
        key = (id(prompts), self.state.language, barge_in, rate)
        words = prepared.get(key)
        if words is None:
            found = [(one.prompt or self.flow.prompt(one.id), one.id) for one in prompts]
            words = tuple(self.spoken(prompt, name, barge_in, rate) for prompt, name in found)
            if not any(prompt.names() for prompt, _ in found):
                prepared[key] = words
        self.words.extend(words)

    def spoken(self, prompt: Prompt, name: str, barge_in: bool = True, rate: str = "normal") -> do.Spoken:
        variants = self.moment.variants if prompt.variants else ()
        language = self.state.language
        wording = prompt.wording(language, variants)
        if wording is None:
            language = self.flow.language
            wording = prompt.wording(language, variants) or next(iter(prompt.wordings.values()))
        pieces = self.pieces(wording.text, language)
        said = "".join(pieces)[:2000]
        return do.Spoken(said, language, wording.file, barge_in, rate, name, pieces, self.flow.name)

    def take_words(self) -> tuple[do.Spoken, ...]:
        words = tuple(self.words)
        self.words.clear()
        return words

    def flush(self) -> None:
        """Speak what has been gathered, without waiting for its end."""
        if self.words:
            self.commands.append(do.Play(prompts=self.take_words()))

    # --- answers ---

    def settle(
        self,
        question: str,
        status: str,
        value: Value = None,
        facts: Mapping[str, bool] | None = None,
        clip: str = "",
    ) -> None:
        """Store an answer at once: what a caller has said is kept although the caller hangs up."""
        state = self.state
        if question in state.answers:
            return
        state.answers[question] = bounded(value)
        node = self.flow.nodes[question]
        was_asked = state.asked == question
        self.commands.append(
            do.SaveAnswer(
                question=question,
                status=status,
                value=value,
                facts=dict(facts or {}),
                clip=clip,
                language=state.language,
                at=state.at,
                offset_s=round(state.at - state.started, 3),
                consent=isinstance(node, Question) and node.consent,
                said=state.said if was_asked else "",
            )
        )
        if was_asked:
            state.asked = state.said = ""

    def _settle_questions(self) -> None:
        """At the end of a call: a question under way was cut off, those never come to were not asked."""
        state = self.state
        if state.asked:
            self._settle_cut_off(state.asked)
        if not state.answers:
            return
        for name, node in self.flow.nodes.items():
            if isinstance(node, Question) and name not in state.answers:
                self.settle(name, "not_asked")

    def _settle_cut_off(self, question: str) -> None:
        pending: dict[str, Any] | None = self.state.pending
        if (
            pending is not None and "value" in pending
        ):  # the option was chosen, only the words for it are missing
            self.settle(question, "answered", pending["value"], pending["facts"])
        else:
            self.settle(question, "cut_off")


def bounded(value: Value) -> Value:
    """What may stay in a session: short text, short lists of plain values."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, list):
        return [bounded(item) for item in value[:MOST_ITEMS] if not isinstance(item, list)]
    return value
