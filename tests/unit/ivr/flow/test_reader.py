"""Flow files with mistakes: each is found at its line and in its node, with a hint; hostile files do nothing."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.problems import Weight
from ivr.flow.reader import canonical, check, check_text, from_document, from_text, load
from ivr.samples import names, sample, text
from ivr.words import LANGUAGES, catalogue

pytestmark = pytest.mark.unit

GOOD = """\
flow: hello
title: {en: Hello, zh: 你好}
languages: [zh, en]
start: welcome
http_hosts: [crm.example.com]
contact_fields: {name: 王女士}
variables: {count: 0}
prompts:
  welcome: {zh: 您好, en: Hello}
  menu: {zh: 请按一, en: Press one}
nodes:
  welcome: {type: say, prompt: welcome, next: menu}
  menu:
    type: menu
    prompt: menu
    choices: {"1": bye, "2": bye}
  bye: {type: hang_up}
"""


def found(source: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.code, one.node) for one in check_text(source, "a.yaml").problems]


def test_the_small_flow_is_good() -> None:
    assert found(GOOD) == []


def line_of(part: str, source: str) -> int:
    return source[: source.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "code", "node"),
    [
        ('"2": bye', '"2": byee', "no_such_node", "menu"),
        ("prompt: menu", "prompt: menue", "no_such_prompt", "menu"),
        ("prompt: menu", "promt: menu", "unknown_key", "menu"),
        ("type: menu", "type: menus", "unknown_value", "menu"),
        ("type: menu", "typ: menu", "no_type", "menu"),
        ("type: menu", "type: menu\n    tries: 11", "not_whole", "menu"),
        ("type: menu", "type: menu\n    tries: ３", "not_whole", "menu"),
        ("type: menu", "type: menu\n    timeout: soon", "not_duration", "menu"),
        ("type: menu", "type: menu\n    barge_in: maybe", "not_yes_or_no", "menu"),
        ("type: menu", "type: menu\n    type: say", "key_twice", ""),
        ("type: menu", "type: menu\n    repeat_key: '1'", "key_taken", "menu"),
        ('"2": bye', '"2": {next: bye, language: fr}', "no_such_language", "menu"),
        ('"2": bye', '"2": {next: bye, set: {x: cuont + 1}}', "no_such_name", "menu"),
        ('"2": bye', '"2": {next: bye, set: {x: contact.nam}}', "no_such_name", "menu"),
        ('"2": bye', '"2": {next: bye, set: {x: "1 +"}}', "expression", "menu"),
        ('"2": bye', '"2": {next: bye, set: {x: "__import__(1)"}}', "expression", "menu"),
        ('"2": bye', '"22222": bye', "form", "menu"),
        ("{zh: 请按一, en: Press one}", "{zh: 请按一}", "no_wording", "menu"),
        ("{zh: 请按一, en: Press one}", '{zh: 请按一, en: "Press {one"}', "expression", ""),
        ("{zh: 请按一, en: Press one}", '{zh: 请按一, en: "Press {count|roman}"}', "expression", ""),
        ("{zh: 请按一, en: Press one}", "{zh: 请按一, en: Sorry, press one}", "unquoted", ""),
        ("start: welcome", "start: wellcome", "no_such_node", ""),
        ("start: welcome", "", "missing_key", ""),
        ("variables: {count: 0}", "variables: {Count: 0}", "form", ""),
        ("variables: {count: 0}", "time_zone: Mars/Olympus", "unknown_zone", ""),
        ("variables: {count: 0}", "hours: {mon-fri: '18:00-09:00'}", "form", ""),
        ("variables: {count: 0}", "holidays: [{name: a, first: 2026-02-30}]", "form", ""),
        ("variables: {count: 0}", "holidays: [{name: a, first: 2026-02-03, last: 2026-02-01}]", "holiday_backwards", ""),
        ("variables: {count: 0}", "checks: {a: check.a}", "no_such_name", ""),
        ("  bye: {type: hang_up}", "  bye: {type: return}", "return_outside", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: subflow, flow: x, next: bye}", "no_such_subflow", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer}", "one_destination", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer, queue: a, agent: b}", "one_destination", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer, sip: 'sip:7@pbx.example.com;transport=tcp'}", "sip_address", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer, sip: 'sip:7@{caller}'}", "sip_address", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer, sip: 'sip:7@pbx.{caller}.example.com'}", "sip_address", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: transfer, sip: '{caller}'}", "sip_address", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: say, prompt: menu, next: welcome2}\n  welcome2: {type: say, prompt: menu, next: bye}",
         "endless", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'http://crm.example.com/', next: menu}", "address_scheme", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'https://{caller}.example.com/', next: menu}", "address_host", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'https://crm.example.com{caller}/', next: menu}", "address_host", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'https://crm.example.com@evil.example/', next: menu}", "address_user", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'https://evil.example/', next: menu}", "host_not_allowed", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: http, url: 'https://169.254.169.254/latest', next: menu}", "host_not_allowed", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: play, file: {any: ../../etc/passwd}, next: menu}", "form", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: gather, prompt: menu, into: x, min: 5, max: 2, next: menu}", "min_over_max", "bye"),
        ("  bye: {type: hang_up}", "  bye: {type: question, kind: single, prompt: menu, next: menu}", "no_options", "bye"),
    ],
)  # fmt: skip
def test_each_mistake_is_found_where_it_is(old: str, new: str, code: str, node: str) -> None:
    assert old in GOOD
    source = GOOD.replace(old, new)
    problems = check_text(source, "a.yaml").problems
    match = [one for one in problems if one.code == code]
    assert match, [one.line_of_text("en") for one in problems]
    assert match[0].node == node
    first = line_of(f"  {node}:", source) if node else 1
    last = line_of(new, source) + new.count("\n") if new else 1
    assert first <= match[0].line <= max(last, first + 5 if node else 1)
    for language in LANGUAGES:
        assert match[0].line_of_text(language).startswith("a.yaml:")


def test_the_user_of_a_sip_address_may_be_filled_in() -> None:
    for address in ("sip:7@pbx.example.com", "sip:{caller}@pbx.example.com:5070", "sip:x{caller}@10.0.0.7"):
        source = GOOD.replace("  bye: {type: hang_up}", f"  bye: {{type: transfer, sip: '{address}'}}")
        assert [one.code for one in check_text(source, "a.yaml").problems if one.code == "sip_address"] == []


def test_lines_are_exact_and_hints_name_what_was_meant() -> None:
    problem = check_text(GOOD.replace('"2": bye', '"2": byee'), "a.yaml").problems[0]
    assert problem.line_of_text("en") == (
        "a.yaml:16: error: node menu: nodes.menu.choices.2: there is no node byee Hint: did you mean bye?"
    )
    assert (
        problem.line_of_text("zh")
        == "a.yaml:16: 错误: 节点 menu: nodes.menu.choices.2: 没有节点 byee 提示： 是不是 bye？"
    )


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    source = (
        GOOD.replace("prompt: welcome", "promt: welcome")
        .replace('"2": bye', '"2": byee')
        .replace("en: Hello}", "fr: Bon}")
    )
    assert {code for _, code, _ in found(source)} >= {"unknown_key", "no_such_node", "missing_key"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("a: &x [1]\nb: *x\n", "alias"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n", "alias"),
        ("flow: !!python/object/apply:os.system [id]\n", "tag"),
        ("flow: !env SECRET\n", "tag"),
        ("[" * 3000, "too_deep"),
        ("x: " * 1 + "{a: " * 40, "too_deep"),
        ("- 1\n", "no_mapping"),
        ("", "no_mapping"),
        ("just words", "no_mapping"),
        ("a: 1\n---\nb: 2\n", "two_documents"),
        ("a: [1\n", "not_yaml"),
        ("? [a]\n: b\n", "odd_key"),
        ("a: \x00\n", "not_yaml"),
        ("x" * 1_000_001, "too_big"),
        ("a: 1\na: 2\n", "key_twice"),
        ("<<: {a: 1}\nflow: x\n", "unknown_key"),
    ],
)
def test_hostile_files_are_refused_and_nothing_is_made_of_them(source: str, code: str) -> None:
    checked = check_text(source, "a.yaml")
    assert code in {problem.code for problem in checked.problems}
    assert not checked.usable


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert check(tmp_path / "none.yaml").problems[0].code == "unreadable"
    (tmp_path / "latin.yaml").write_bytes("flow: café".encode("latin-1"))
    assert check(tmp_path / "latin.yaml").problems[0].code == "not_utf8"


@given(st.text(max_size=200))
def test_no_text_raises_anything(source: str) -> None:
    checked = check_text(source, "a.yaml")
    assert checked.problems
    assert all(problem.line_of_text("zh") for problem in checked.problems)


@given(
    st.integers(0, len(GOOD) - 1),
    st.integers(0, 30),
    st.sampled_from(["", "x", ":", "{", "[", '"', "\n", "- ", "1", "null"]),
)
def test_no_damage_to_a_good_file_raises_anything(place: int, cut: int, instead: str) -> None:
    checked = check_text(GOOD[:place] + instead + GOOD[place + cut :], "a.yaml")
    for problem in checked.problems:
        assert problem.line_of_text("en")
        assert problem.line_of_text("zh")


# --- the published form -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_flows_that_ship_are_without_a_problem_and_survive_publication(name: str) -> None:
    checked = check_text(text(name), f"{name}.yaml")
    assert [problem.line_of_text("en") for problem in checked.problems] == []
    flow = sample(name)
    assert flow.head.languages == ("zh", "en")
    again = from_document(flow.document)
    assert (again.version, again.document) == (flow.version, flow.document)
    assert canonical(again.document) == canonical(flow.document)


def test_the_version_follows_what_is_said_and_not_how_it_is_written() -> None:
    written = GOOD.replace(
        '    choices: {"1": bye, "2": bye}',
        '    choices:\n      "2": bye\n      "1": bye   # same\n    tries: 3',
    )
    assert from_text(written).version == from_text(GOOD).version
    assert from_text(GOOD.replace("您好", "你好")).version != from_text(GOOD).version


def test_a_flow_is_imported_from_beside_and_from_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "sure.yaml").write_text(
        "flow: sure\ntitle: Sure\nlanguages: [en]\nstart: ask\nprompts: {ask: {en: Are you sure.}}\nvariables: {n: 1}\n"
        "nodes:\n  ask: {type: menu, prompt: ask, choices: {'1': back}}\n  back: {type: return}\n",
        "utf-8",
    )
    main = (
        "flow: main\ntitle: Main\nlanguages: [en]\nstart: first\nsubflows: {sure: {file: sure.yaml}}\n"
        "nodes:\n  first: {type: subflow, flow: sure, next: end}\n  end: {type: hang_up}\n"
    )
    (tmp_path / "main.yaml").write_text(main, "utf-8")
    flow = load(tmp_path / "main.yaml")
    assert {"sure/ask", "sure/back"} < set(flow.nodes)
    assert flow.head.prompts["sure/ask"].wordings["en"].text.source == "Are you sure."
    assert from_document(flow.document).version == flow.version
    for stray in ("../sure.yaml", "/etc/passwd", "none.yaml", "sure.txt"):
        (tmp_path / "main.yaml").write_text(main.replace("sure.yaml", stray), "utf-8")
        assert {problem.code for problem in check(tmp_path / "main.yaml").problems} & {
            "no_import",
            "unreadable",
        }


# --- surveys and consent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("survey", 'key: "6", code: other, label: {en: elsewhere', 'key: "6", code: installer, label: {en: elsewhere', "code_doubled"),
        ("survey", 'key: "6", code: other, label: {en: elsewhere', 'key: "5", code: other, label: {en: elsewhere', "key_doubled"),
        ("survey", 'refusal: {next: refused, key: "0", label: {en: would rather not answer, zh: 不愿接受访问}}', "", "no_refusal"),
        ("survey", 'refusal: {next: refused, key: "0"', 'refusal: {next: refused, key: "1"', "key_taken"),
        ("survey", "next: q6.rent", "next: q2", "survey_circle"),
        ("survey", "next: q6.price}", "next: q7}", "unreachable"),
        ("sales-consent", "barge_in: no, disclosure: price", "disclosure: price", "disclosure_cut_short"),
        ("sales-consent", "disclosure: price, next: trial_end", "disclosure: price, when: language == 'en', next: trial_end", "disclosure_conditional"),
        ("sales-consent", "disclosure: function, next: price", "disclosure: function, next: trial_end", "consent_before_disclosure"),
        ("sales-consent", "disclosures: [function, price,", "disclosures: [function, warranty, price,", "no_disclosure"),
        ("sales-consent", "disclosure: how_to_use, next: consent", "disclosure: how_to_use, next: consent}\n  x: {type: say, prompt: price, next: consent", "unreachable"),
        ("sales-consent", "contact_fields:", "entry_points: {short_cut: consent}\ncontact_fields:", "consent_before_disclosure"),
    ],
)  # fmt: skip
def test_a_survey_and_a_sale_have_rules_of_their_own(name: str, old: str, new: str, code: str) -> None:
    source = text(name)
    assert old in source
    problems = check_text(source.replace(old, new), "a.yaml").problems
    assert code in {problem.code for problem in problems}, [one.line_of_text("en") for one in problems]


def test_what_is_only_spare_is_a_warning() -> None:
    checked = check_text(GOOD + "  spare: {type: say, prompt: welcome, next: menu}\n")
    assert checked.usable
    assert [(one.code, one.weight) for one in checked.problems] == [("unreachable", Weight.WARNING)]


# --- words ------------------------------------------------------------------------------------------------------------


def test_both_catalogues_have_the_same_keys_and_placeholders() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert set(english) == set(chinese)
    for key, words in english.items():
        slots = [
            sorted(re.findall(r"(?<!\{)\{(\w+)", one.replace("{{", ""))) for one in (words, chinese[key])
        ]
        assert set(slots[0]) == set(slots[1]), key


def test_every_problem_that_is_raised_has_words() -> None:
    source = "".join(
        file.read_text("utf-8") for file in (Path(__file__).parents[4] / "ivr" / "flow").rglob("*.py")
    )
    codes = set(re.findall(r'(?:problem|_refused|_of|at|Problem)\(\s*(?:[\w.]+, )*"(\w+)"', source))
    codes |= set(re.findall(r'"(\w+)", values', source)) - {"en", "zh"}
    assert len(codes) > 30
    assert {code for code in codes if f"problem.{code}" not in catalogue("en")} <= {"holidays"}
