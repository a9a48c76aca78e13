"""A flow as the engine has it: all nodes by name, those of subflows as `subflow/node`, all prompts by id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ivr.expressions import Expression
from ivr.flow.calendar import Calendar
from ivr.flow.kinds import NAME, VARIABLE, Flag, Formula, Pattern, Target, Words, has
from ivr.flow.nodes.node import KEY, Node
from ivr.flow.prompts import LANGUAGE, Label, Prompt, PromptKind
from ivr.flow.records import ListOf, MapOf, Record

HOST: Final = r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:[0-9]{1,5})?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a person says that they would rather not: one key, from every question."""

    next: str = has(Target(), "where to go")
    key: str = has(Pattern(KEY, "0"), "the key on the phone", "0")
    label: dict[str, str] | None = has(Label(), "the words for it", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Calendar):
    """Everything of a flow besides its nodes and subflows."""

    flow: str = has(Pattern(NAME, "main_menu"), "the flow's name, under which it is published")
    title: dict[str, str] = has(Label(), "what operators call it")
    languages: tuple[str, ...] = has(
        ListOf(Pattern(LANGUAGE, "zh"), least=1, most=10),
        "the languages it speaks; the first is where it begins",
    )
    start: str = has(Target(), "the node it begins with")
    entry_points: dict[str, str] = has(
        MapOf(Target(), most=50, example="self_service"), "where a caller can be sent back to, by name", {}
    )
    contact_fields: dict[str, str] = has(
        MapOf(Words(200, 0), VARIABLE, most=50, example="name"),
        "what is known of the person, each with an example for rehearsals: contact.NAME in expressions",
        {},
    )
    variables: dict[str, Expression] = has(
        MapOf(Formula(), VARIABLE, most=64, example="order_number", writes=True), "values to begin with", {}
    )
    checks: dict[str, Expression] = has(
        MapOf(Formula(), VARIABLE, most=20, example="right_person"),
        "conditions that are reported at the end, and stand as check.NAME in expressions",
        {},
    )
    disclosures: tuple[str, ...] = has(
        ListOf(Pattern(VARIABLE, "price"), most=20), "what must have been heard on every way to a consent", ()
    )
    refusal: Refusal | None = has(Record(Refusal, short="next"), "the refusal path of every question", None)
    survey: bool = has(
        Flag(), "whether its answers are a survey: then every question needs a refusal path", False
    )
    http_hosts: tuple[str, ...] = has(
        ListOf(Pattern(HOST, "crm.example.com"), most=20), "the only hosts that http nodes may ask", ()
    )
    currency: str = has(Pattern("[A-Z]{3}", "CNY"), "what {amount|money} means", "CNY")
    on_failure: str = has(Target(), "where callers end who do not answer", "builtin/failure")
    on_error: str = has(Target(), "where callers end when the flow itself goes wrong", "builtin/error")
    prompts: dict[str, Prompt] = has(
        MapOf(PromptKind(), NAME, most=2000, example="welcome"), "the prompts by id", {}
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands in its file; line 0 when it was not read from one."""

    file: str
    line: int


@dataclass(frozen=True)
class Flow:
    """`version` is the hash of its canonical form. `subflows` gives the first node of each."""

    head: Head
    nodes: Mapping[str, Node]
    subflows: Mapping[str, str]
    document: Mapping[str, Any] = field(repr=False)
    version: str
    places: Mapping[str, Place] = field(repr=False, compare=False)
    prepared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What the engine has worked out of this flow once and for all: words without values, inputs of a question."""

    @property
    def name(self) -> str:
        return self.head.flow

    @property
    def language(self) -> str:
        return self.head.languages[0]

    def prompt(self, name: str) -> Prompt:
        return self.head.prompts[name]
