"""What callers hear: prompts by id, language and variant, and where an expression's value goes into the words."""

from dataclasses import dataclass
from typing import Final

from ivr.errors import ExpressionError
from ivr.expressions import Expression, compile_expression
from ivr.flow.kinds import NAME, Json, Pattern, Reading, Reference, Words, Wrong, has
from ivr.flow.places import Item
from ivr.flow.records import ListOf, MapOf, Record
from ivr.spoken import FORMATS

LANGUAGE: Final = r"[a-z]{2,3}"
FILE: Final = r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,4}"
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Slot:
    """`{expression}` or `{expression|format}`."""

    expression: Expression
    how: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    source: str
    parts: tuple[str | Slot, ...]

    @property
    def fixed(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)

    def names(self) -> set[str]:
        """The first parts of the names whose values it puts in."""
        slots = [part for part in self.parts if isinstance(part, Slot)]
        return {path[0] for slot in slots for path in slot.expression.names}


def template(source: str) -> Template:
    """Raises `ExpressionError`. Two braces stand for one that is said."""
    parts: list[str | Slot] = []
    words, place = "", 0
    while place < len(source):
        char = source[place]
        if char in "{}" and source[place : place + 2] == char * 2:
            words, place = words + char, place + 2
        elif char == "}":
            raise ExpressionError("brace", place)
        elif char == "{":
            end = source.find("}", place)
            if end < 0:
                raise ExpressionError("brace", place)
            parts += [words, _slot(source[place + 1 : end])]
            words, place = "", end + 1
        else:
            words, place = words + char, place + 1
    return Template(source, tuple(part for part in [*parts, words] if part != ""))


def _slot(inside: str) -> Slot:
    source, _, how = inside.rpartition("|") if "|" in inside else (inside, "", "")
    if how and how.strip() not in FORMATS:
        raise ExpressionError("unknown_format", name=how.strip(), known=", ".join(FORMATS))
    return Slot(compile_expression(source), how.strip())


@dataclass(frozen=True, slots=True)
class Worded:
    """Text that may hold `{expression|format}`."""

    most: int = _LONGEST

    def read(self, item: Item, reading: Reading) -> Template:
        source = Words(self.most).read(item, reading)
        try:
            made = template(source)
        except ExpressionError as wrong:
            values = {"expression": wrong.key, "source": source[:80], "column": wrong.at + 1, **wrong.values}
            raise Wrong(item.problem("expression", **values)) from None
        for part in made.parts:
            if isinstance(part, Slot):
                names = [Reference(".".join(path), item, reading.node) for path in part.expression.names]
                reading.names.extend(names)
        return made

    def plain(self, value: Template) -> Json:
        return value.source

    def schema(self) -> dict[str, Json]:
        return {
            "type": ["string", "number"],
            "maxLength": self.most,
            "description": "text with {expression|format}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One prompt in one language: text for the synthesiser, and the recording that is played when there is one."""

    text: Template = has(Worded(), "what is said")
    file: str | None = has(Pattern(FILE, "zh/welcome"), "a recording to be played in its place", None)


_Wordings: Final = MapOf(Record(Wording, short="text"), LANGUAGE, example="en")


@dataclass(frozen=True, slots=True)
class Prompt:
    """`variants` by name: that of the holiday's greeting comes first, then that of the part of the day."""

    wordings: dict[str, Wording]
    variants: dict[str, dict[str, Wording]]

    def wording(self, language: str, variants: tuple[str, ...] = ()) -> Wording | None:
        for variant in variants:
            if (said := self.variants.get(variant, {}).get(language)) is not None:
                return said
        return self.wordings.get(language)

    def names(self) -> set[str]:
        """What its words depend on: the first parts of names, and `day_part` when it has variants."""
        own = {name for wording in self.wordings.values() for name in wording.text.names()}
        return own | ({"day_part"} if self.variants else set())


@dataclass(frozen=True, slots=True)
class PromptKind:
    """`{zh: …, en: …, variants: {morning: {zh: …, en: …}}}`; a wording is text, or text and file."""

    def read(self, item: Item, reading: Reading) -> Prompt:
        if not isinstance(item.value, dict):
            raise Wrong(item.problem("not_wordings"))
        languages = {key: one for key, one in item.value.items() if key != "variants"}
        for key, one in languages.items():
            if " " in key:  # {en: Sorry, we are closed.} has two keys
                raise Wrong(one.problem("unquoted", given=key[:60]))
        wordings = _Wordings.read(Item(languages, item.file, item.line, item.path), reading)
        variants = {}
        if "variants" in item.value:
            variants = MapOf(_Wordings, NAME).read(item.value["variants"], reading)
        return Prompt(wordings, variants)

    def plain(self, value: Prompt) -> Json:
        plain = dict(_Wordings.plain(value.wordings))
        if value.variants:
            plain["variants"] = {name: _Wordings.plain(one) for name, one in value.variants.items()}
        return plain

    def schema(self) -> dict[str, Json]:
        wordings = _Wordings.schema()
        wording = wordings["additionalProperties"]
        return {
            "type": "object",
            "properties": {"variants": {"type": "object", "additionalProperties": wordings}},
            "patternProperties": {f"^{LANGUAGE}$": wording},
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class PromptRef:
    """The id of a prompt of the catalogue, or one written in place (then `id` is empty)."""

    id: str
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Prompts:
    """One or several, said one after the other."""

    def read(self, item: Item, reading: Reading) -> tuple[PromptRef, ...]:
        if isinstance(item.value, list):
            read: tuple[PromptRef, ...] = ListOf(_OnePrompt(), most=20).read(item, reading)
            return read
        return (_OnePrompt().read(item, reading),)

    def plain(self, value: tuple[PromptRef, ...]) -> Json:
        return [_OnePrompt().plain(one) for one in value]

    def schema(self) -> dict[str, Json]:
        one = _OnePrompt().schema()
        return {"anyOf": [one, {"type": "array", "items": one, "maxItems": 20}]}


@dataclass(frozen=True, slots=True)
class _OnePrompt:
    def read(self, item: Item, reading: Reading) -> PromptRef:
        if isinstance(item.value, dict):
            prompt = PromptKind().read(item, reading)
            reading.inline.append((prompt, item, reading.node))
            return PromptRef("", prompt)
        name = Pattern(NAME, "welcome").read(item, reading)
        if reading.prompt_prefix and not name.startswith((reading.prompt_prefix, "builtin/")):
            name = reading.prompt_prefix + name
        reading.prompts.append(Reference(name, item, reading.node))
        return PromptRef(name)

    def plain(self, value: PromptRef) -> Json:
        return PromptKind().plain(value.prompt) if value.prompt is not None else value.id

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"type": "string", "pattern": f"^{NAME}$"}, PromptKind().schema()]}


@dataclass(frozen=True, slots=True)
class Label:
    """Words for operators in each language: `{zh: …, en: …}`, or the same text for all."""

    def read(self, item: Item, reading: Reading) -> dict[str, str]:
        if isinstance(item.value, str):
            return {"": Words().read(item, reading)}
        read: dict[str, str] = MapOf(Words(), f"{LANGUAGE}|", least=1, example="en").read(item, reading)
        return read

    def plain(self, value: dict[str, str]) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [Words().schema(), MapOf(Words(), f"{LANGUAGE}|").schema()]}


def label_in(label: dict[str, str] | None, language: str, otherwise: str = "") -> str:
    if not label:
        return otherwise
    return label.get(language) or label.get("") or next(iter(label.values()))
