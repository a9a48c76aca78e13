"""Profile files: what is read, and every refusal with its place."""

import re
from pathlib import Path

import pytest

from dialer.compliance.profile import Evidence
from dialer.errors import BadInput, Misconfigured
from dialer.rulebook import load
from dialer.rulebook.cases import cases_of
from dialer.rulebook.load import load_rules
from dialer.rulebook.reader import entries, profile
from dialer.yaml_file import parse
from tests.support.rules import shipped

pytestmark = pytest.mark.unit

HEAD = (
    "xx_law:\n"
    "  title: {en: A law, zh: 法律}\n"
    "  nature: law\n"
    "  as_of: 2026-01-01\n"
    "  applies_to: {countries: [US]}\n"
)
CITED = "cite: a statute, evidence: V"


def read(text: str) -> None:
    for which, field in entries(parse(text, "my.yaml")).items():
        profile(which, field, "my.yaml")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("rings: 4", "6:3: xx_law.rings:", "unknown; allowed are title"),
        (f"ring: {{at_least: 15 s, loud: yes, {CITED}}}", "6:26: xx_law.ring.loud:", "allowed are at_least"),
        (f"ring: {{at_least: 15, {CITED}}}", "6:20: xx_law.ring.at_least:", "say 15 s"),
        (f"ring: {{at_least: 15 %, {CITED}}}", "6:20: xx_law.ring.at_least:", "not a time"),
        (f"ring: {{at_least: -15 s, {CITED}}}", "6:20: xx_law.ring.at_least:", "not a time"),
        (f"ring: {{at_least: 15 s, or_rings: -4, {CITED}}}", "6:36: xx_law.ring.or_rings:", "out of range"),
        (f"ring: {{or_rings: 4, {CITED}}}", "6:9: xx_law.ring:", "at_least is missing"),
        ("ring: {at_least: 15 s, evidence: V}", "6:9: xx_law.ring:", "cite is missing"),
        ("ring: {at_least: 15 s, cite: a statute}", "6:9: xx_law.ring:", "evidence is missing"),
        (
            "ring: {at_least: 15 s, cite: a, evidence: Z}",
            "6:45: xx_law.ring.evidence:",
            "allowed are K, P, S, V, X",
        ),
        ("ring: 15 s", "6:9: xx_law.ring:", "must be a mapping"),
        (
            f"registry: {{oldest: 31, registries: [us], {CITED}}}",
            "6:22: xx_law.registry.oldest:",
            "number and one of day",
        ),
        (
            f"registry: {{oldest: 2 months, registries: [us], {CITED}}}",
            "6:22: xx_law.registry.oldest:",
            "one of day",
        ),
        (f"hours: {{weekdays: [8-21], {CITED}}}", "6:22: xx_law.hours.weekdays[0]:", "say 08:00-21:00"),
        (
            f"hours: {{weekdays: [21:00-08:00], {CITED}}}",
            "6:22: xx_law.hours.weekdays[0]:",
            "close after it opens",
        ),
        (f"hours: {{weekdays: [08:00-00:00], {CITED}}}", "6:22: xx_law.hours.weekdays[0]:", "24:00"),
        (
            f"hours: {{weekdays: [14:00-20:00, 09:00-12:00], {CITED}}}",
            "6:21: xx_law.hours.weekdays:",
            "must rise",
        ),
        (f"hours: {{weekdays: never, {CITED}}}", "6:21: xx_law.hours.weekdays:", "none or a list"),
        (f"hours: {{weekdays: [], {CITED}}}", "6:21: xx_law.hours.weekdays:", "say none"),
        (
            f"hours: {{weekdays: none, holidays: [US-XX], {CITED}}}",
            "6:38: xx_law.hours.holidays[0]:",
            "no holidays are known",
        ),
        (
            f"hours: {{weekdays: none, shift: sideways, {CITED}}}",
            "6:34: xx_law.hours.shift:",
            "sunday_to_monday",
        ),
        (
            f"abandonment: [{{limit: 3, window: calendar_day, {CITED}}}]",
            "6:25: xx_law.abandonment[0].limit:",
            "not a percentage",
        ),
        (
            f"abandonment: [{{limit: 101 %, window: calendar_day, {CITED}}}]",
            "6:25: xx_law.abandonment[0].limit:",
            "from 0 % to 100 %",
        ),
        (
            f"abandonment: [{{limit: 3 %, window: calendar_day, zone: Europe/Nowhere, {CITED}}}]",
            "6:58: xx_law.abandonment[0].zone:",
            "no time zone",
        ),
        (
            f"in_force: {{from: 2026-02-01, until: 2026-01-31, {CITED}}}",
            "6:13: xx_law.in_force:",
            "before from",
        ),
        (f"in_force: {{from: 2026-02-30, {CITED}}}", "6:20: xx_law.in_force.from:", "not in the calendar"),
        (f"in_force: {{from: 1 March, {CITED}}}", "6:20: xx_law.in_force.from:", "say 2026-01-31"),
        (
            f"cooling: [{{after: refusal, for: 6 months 3 days, reason: refusal_cooling, {CITED}}}]",
            "6:35: xx_law.cooling[0].for:",
            "one unit",
        ),
        (
            f"cooling: [{{after: refusal, for: 60 days, reason: because, {CITED}}}]",
            "6:52: xx_law.cooling[0].reason:",
            "refusal_cooling",
        ),
        (
            f"retention: [{{record: audio, for: 0 days, {CITED}}}]",
            "6:36: xx_law.retention[0].for:",
            "longer than nothing",
        ),
        (
            f"retention: [{{record: audio, for: 30, {CITED}}}]",
            "6:36: xx_law.retention[0].for:",
            "year, month, day",
        ),
        (
            f"attempts: [{{most: 0, within: rolling_24h, per: person, {CITED}}}]",
            "6:21: xx_law.attempts[0].most:",
            "1 to 1000",
        ),
        ("on_foreign_ringback: shout", "6:24: xx_law.on_foreign_ringback:", "hang_up_now"),
        ("nature: custom", "6:3: xx_law.nature:", "given twice"),
    ],
)
def test_a_mistake_is_named_with_file_line_column_profile_and_what_is_allowed(
    text: str, place: str, words: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read(f"{HEAD}  {text}\n")
    assert str(refused.value).startswith(f"my.yaml:{place}"), refused.value
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("  nature: law\n", ""), "nature is missing"),
        (HEAD.replace(", zh: 法律", ""), "zh is missing"),
        (HEAD.replace("[US]", "[usa]"), "ISO 3166-1"),
        (HEAD.replace("{countries: [US]}", "{states: [FL]}"), "the one country"),
        (HEAD.replace("xx_law", "XX law"), "an id is small letters"),
        (HEAD + HEAD, "given twice"),
        ("- a list", "mapping"),
        (
            f"{HEAD}  hours: {{weekdays: none, holiday: none, {CITED}}}\n".replace("[US]", "[ZZ]"),
            "the calendars",
        ),
    ],
)
def test_what_a_profile_must_have(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        read(text)


def test_the_shipped_book_is_whole() -> None:
    book = shipped()
    tags = {each.value for each in Evidence}
    assert len(book.profiles) == 56
    assert re.fullmatch("[0-9a-f]{64}", book.fingerprint)
    for which, each in book.profiles.items():
        assert each.id == which
        assert each.title_zh, which
        assert len(each.duties) == len(each.duties_zh)
        assert all(set(source.evidence.split("/")) <= tags for _, source in each.duties)


def test_the_same_files_have_the_same_fingerprint_and_others_another(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(HEAD, "utf-8")
    with_mine = load_rules(mine).book
    assert load_rules().book.fingerprint == shipped().fingerprint != with_mine.fingerprint
    mine.write_text(HEAD + "# a remark\n", "utf-8")
    assert load_rules(mine).book.fingerprint != with_mine.fingerprint


def test_without_the_default_there_are_no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_shipped", lambda: [("my.yaml", HEAD)])
    with pytest.raises(Misconfigured, match="project_default"):
        load_rules()


def test_the_same_id_in_two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_shipped", lambda: [("one.yaml", HEAD), ("two.yaml", HEAD)])
    with pytest.raises(BadInput, match=r"two\.yaml:2:3: xx_law: is the id of a profile in one\.yaml"):
        load_rules()


CASE = "schema_version: 1\ncases:\n  - {id: A1, kind: hours_check, profile: [us_fl], given: {}, expect: {}}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cases: []", "schema_version is missing"),
        (CASE.replace("version: 1", "version: 2"), "c.yaml:1:17: schema_version: is 2"),
        (CASE.replace("kind: hours_check, ", ""), "c.yaml:3:5: cases[0]: kind is missing"),
        (CASE.replace("expect", "expects"), "c.yaml:3:62: cases[0].expects: unknown"),
        (CASE.replace("given: {}", "given: 7"), "c.yaml:3:58: cases[0].given: must be a mapping"),
        (CASE + CASE.splitlines()[2], "c.yaml:4:10: cases[1].id: A1 is the id of the case in line 3"),
        (CASE.replace("given: {}", "given: {a: 2026-13-45}"), "c.yaml:3"),
        ("cases: [", "c.yaml:1"),
    ],
)
def test_a_bad_file_of_cases_says_where(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        cases_of(text, "c.yaml")


def test_values_of_cases_keep_their_types() -> None:
    (case,) = cases_of(
        CASE.replace("given: {}", 'given: {a: "no", b: no, c: 3, d: null, e: "0.01"}'), "c.yaml"
    )
    assert case.given == {"a": "no", "b": False, "c": 3, "d": None, "e": "0.01"}
    assert case.line == 3
