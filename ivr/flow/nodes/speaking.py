"""say and play."""

from dataclasses import dataclass
from typing import ClassVar

from ivr.expressions import Expression
from ivr.flow.kinds import Flag, Formula, OneOf, Pattern, Target, has
from ivr.flow.nodes.node import Exit, Node, to
from ivr.flow.prompts import FILE, LANGUAGE, PromptRef, Prompts
from ivr.flow.records import MapOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Node):
    """Says one or several prompts and goes on. As a disclosure it is heard only when it was played to its end."""

    TYPE: ClassVar[str] = "say"

    prompt: tuple[PromptRef, ...] = has(Prompts(), "what is said")
    next: str = has(Target(), "where to go afterwards")
    when: Expression | None = has(Formula(), "said only when this is true", None)
    barge_in: bool = has(Flag(), "whether a key ends it and counts; otherwise it is dropped", True)
    rate: str = has(OneOf(("normal", "slow")), "how fast it is said", "normal")
    disclosure: str | None = has(
        Pattern(r"[a-z_][a-z0-9_]{0,39}", "price"),
        "name of what the caller must have heard before consenting: asked for as heard.NAME",
        None,
    )

    def exits(self) -> list[Exit]:
        return to(next=self.next)

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Node):
    """Plays a recording that has no text, such as music."""

    TYPE: ClassVar[str] = "play"

    file: dict[str, str] = has(
        MapOf(Pattern(FILE, "music/waiting"), f"{LANGUAGE}|any", least=1, example="any"),
        "the recording by language, or `any`; without folder tricks and without ending",
    )
    next: str = has(Target(), "where to go afterwards")
    barge_in: bool = has(Flag(), "whether a key ends it and counts", True)

    def exits(self) -> list[Exit]:
        return to(next=self.next)
