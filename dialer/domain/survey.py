"""What a flow's questions came to: counts, percentages, means, cross-tables, of what the store has counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any, Self
from uuid import UUID

STATUSES = ("answered", "refused", "no_answer", "cut_off", "not_asked")
BROKEN_OFF = frozenset({"refused", "cut_off"})
CALL_LOST = frozenset({"hung_up", "error", "no_answer"})
NUMERIC = frozenset({"number", "rating"})


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: single, multiple, number, rating, record. `labels` by language."""

    name: str
    kind: str
    labels: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    least: int | None = None
    most: int | None = None

    def label(self, language: str) -> str:
        return self.labels.get(language) or next(iter(self.labels.values()), self.name)

    def option_label(self, code: str, language: str) -> str:
        for option in self.options:
            if option.code == code:
                return option.labels.get(language) or next(iter(option.labels.values()), code)
        return code


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Questions in the order in which a conversation comes to them."""

    flow: str
    version: str
    titles: Mapping[str, str]
    questions: tuple[Question, ...]
    contact_fields: tuple[str, ...] = ()

    def title(self, language: str) -> str:
        return self.titles.get(language) or next(iter(self.titles.values()), self.flow)

    def question(self, name: str) -> Question | None:
        return next((each for each in self.questions if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it was stored. `value`: code, codes or number; None without one."""

    status: str
    value: Any
    clip: str
    language: str
    at: datetime
    offset_s: float
    consent: bool


@dataclass(frozen=True, slots=True)
class Interview:
    """One call through the flow; without replies nobody came to a question."""

    call: str
    version: str
    language: str
    caller: str
    attempt: UUID | None
    started_at: datetime
    ended_at: datetime | None
    result: str | None
    checks: Mapping[str, bool]
    contact: Mapping[str, Any]
    replies: Mapping[str, Reply]

    @property
    def begun(self) -> bool:
        return any(reply.status == "answered" for reply in self.replies.values())

    def complete(self, last_question: str) -> bool:
        """Nothing refused or cut off, and the flow came to its end; or its last question was still settled."""
        if not self.begun or self.ended_at is None:
            return False
        if any(reply.status in BROKEN_OFF for reply in self.replies.values()):
            return False
        last = self.replies.get(last_question)
        at_the_end = last is not None and last.status in ("answered", "no_answer")
        return at_the_end or self.result not in CALL_LOST


@dataclass(frozen=True, slots=True)
class CallCount:
    """So many calls alike. `stage`: silent, running, complete or partial; silent ones answered nothing, running ones have not
    ended."""

    version: str
    language: str
    result: str | None
    stage: str
    calls: int


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """So many answers alike; `value` as in `Reply`, None also for own words. `clips` of them have a recording."""

    question: str
    status: str
    value: Any
    calls: int
    clips: int


@dataclass(frozen=True, slots=True)
class FreeAnswer:
    call: str
    question: str
    value: str
    clip: str
    language: str
    at: datetime


@dataclass(slots=True)
class QuestionTally:
    """`values` counts options, or numbers as they were given; of several answers each counts."""

    question: Question
    statuses: Counter[str] = field(default_factory=Counter)
    values: Counter[str | int] = field(default_factory=Counter)
    recordings: int = 0

    @property
    def asked(self) -> int:
        """Everybody who heard it: whoever it was skipped for was not asked."""
        return sum(count for status, count in self.statuses.items() if status != "not_asked")

    @property
    def numbers(self) -> list[tuple[float, int]]:
        return sorted(
            (float(value), count) for value, count in self.values.items() if isinstance(value, int | float)
        )

    @property
    def mean(self) -> float | None:
        """Of numbers and ratings."""
        count = sum(times for _, times in self.numbers)
        return sum(value * times for value, times in self.numbers) / count if count else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the sample."""
        mean, count = self.mean, sum(times for _, times in self.numbers)
        if mean is None or count < 2:
            return None
        return sqrt(sum(times * (value - mean) ** 2 for value, times in self.numbers) / (count - 1))

    @property
    def median(self) -> float | None:
        spread = self.numbers
        count = sum(times for _, times in spread)
        if not count:
            return None
        return (_nth(spread, (count - 1) // 2) + _nth(spread, count // 2)) / 2

    def percent(self, count: int) -> float | None:
        """Of those asked; None when nobody was."""
        return 100 * count / self.asked if self.asked else None

    def rows(self) -> list[tuple[str | int, int]]:
        """Options in their order, those nobody chose too, then what an earlier version offered; numbers ascending."""
        known: list[str | int] = [option.code for option in self.question.options]
        if self.question.kind == "rating" and (self.question.most or 0) <= 10:
            known = list(range(self.question.least or 0, (self.question.most or 0) + 1))
        others = sorted(set(self.values) - set(known), key=_by_size)
        return [(value, self.values[value]) for value in [*known, *others]]

    @property
    def ends(self) -> dict[str, int]:
        return {status: self.statuses[status] for status in STATUSES}

    def take(self, counted: AnswerCount) -> None:
        self.statuses[counted.status] += counted.calls
        self.recordings += counted.clips
        if counted.status == "answered" and self.question.kind != "record":
            for value in _each(counted.value):
                self.values[value] += counted.calls


def _by_size(value: str | int) -> tuple[bool, float, str]:
    """Numbers first: a question may have had options in an earlier version."""
    return isinstance(value, str), 0.0 if isinstance(value, str) else value, str(value)


def values_of(reply: Reply) -> list[str | int]:
    return _each(reply.value)


def _each(value: Any) -> list[str | int]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str | int)]


def _nth(spread: Sequence[tuple[float, int]], place: int) -> float:
    for value, times in spread:
        if place < times:
            return value
        place -= times
    return spread[-1][0]


@dataclass(slots=True)
class Results:
    """`calls` came to the flow, `begun` answered something; of those `complete`, `partial` and, still talking, `running`."""

    questionnaire: Questionnaire
    calls: int = 0
    begun: int = 0
    complete: int = 0
    partial: int = 0
    running: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, QuestionTally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tallies = {each.name: QuestionTally(each) for each in self.questionnaire.questions}

    def take_calls(self, counted: CallCount) -> None:
        self.calls += counted.calls
        self.versions[counted.version] += counted.calls
        self.languages[counted.language] += counted.calls
        if counted.result is not None:
            self.ends[counted.result] += counted.calls
        if counted.stage != "silent":
            self.begun += counted.calls
            setattr(self, counted.stage, getattr(self, counted.stage) + counted.calls)

    def take_answers(self, counted: AnswerCount) -> None:
        """A question that only an earlier version asked is told all the same, after the others."""
        name = counted.question
        if name not in self.tallies:
            self.tallies[name] = QuestionTally(Question(name, "single"))
        tally = self.tallies[name]
        if isinstance(counted.value, int) and self.questionnaire.question(name) is None:
            tally.question = Question(name, "number")
        tally.take(counted)


# --- cross-tables -----------------------------------------------------------------------------------------------------

OF_CALL = ("language", "day", "result", "version")
CONTACT = "contact."


@dataclass(frozen=True, slots=True)
class Dimension:
    """By what calls are told apart. `of`: question and contact (then `name` says which), or one of `OF_CALL`.

    Of several answers each counts; own words are no category. Days are those of a zone, versions their first 12 characters.
    """

    name: str
    of: str

    @classmethod
    def named(cls, name: str, book: Questionnaire) -> Self | None:
        """None for what is neither a question's name, nor `contact.FIELD`, nor a property of calls."""
        if book.question(name) is not None:
            return cls(name, "question")
        if name in OF_CALL:
            return cls(name, name)
        field_name = name.removeprefix(CONTACT)
        return cls(name, "contact") if name != field_name and field_name in book.contact_fields else None

    @property
    def key(self) -> str:
        return self.name.removeprefix(CONTACT) if self.of == "contact" else self.name


@dataclass(slots=True)
class CrossTable:
    """`cells` counts calls by (row, column). With several answers a call is in several cells: `n` counts it once."""

    row: Dimension
    column: Dimension
    n: int = 0
    left_out: int = 0  # begun, but without a value of both
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)

    def of_row(self, row: str, column: str) -> float:
        """Percent of the calls in the row."""
        return 100 * self.cells[row, column] / self.rows[row]

    def of_column(self, row: str, column: str) -> float:
        return 100 * self.cells[row, column] / self.columns[column]


def ordered(values: Iterable[str], question: Question | None) -> list[str]:
    """Options in their order, numbers by size, the rest by name."""
    places = {option.code: nth for nth, option in enumerate(question.options)} if question else {}

    def place(value: str) -> tuple[int, float, str]:
        if value in places:
            return (0, places[value], value)
        return (1, float(value), value) if value.lstrip("-").isdecimal() else (2, 0.0, value)

    return sorted(values, key=place)
