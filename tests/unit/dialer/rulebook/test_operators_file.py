"""The operator's own rules: they add and tighten, and loosen only with a name and a reason."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.combine import combine
from dialer.errors import BadInput
from dialer.rulebook.load import Loaded, load_rules
from dialer.rulebook.operators_file import Loosened
from dialer.rulebook.sections import ADDED, SINGLE
from dialer.rulebook.telling import tell_loosened
from dialer.rulebook.tightening import looser
from tests.support.fake_store import FakeClock, FakeUsers
from tests.support.rules import shipped

pytestmark = pytest.mark.unit

CITED = "cite: our own policy, evidence: P"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def loaded(file: Path, text: str) -> Loaded:
    file.write_text(text, "utf-8")
    return load_rules(file)


def test_a_profile_of_one_s_own(file: Path) -> None:
    book = loaded(
        file,
        "acme:\n  title: {en: House rules, zh: 公司规定}\n  nature: project_policy\n  as_of: 2026-07-01\n"
        f"  applies_to: {{countries: [US]}}\n  hours: {{weekdays: [09:00-18:00], {CITED}}}\n",
    ).book
    assert book.profile("acme").hours is not None
    assert book.profile("acme").file == str(file)
    assert len(book.profiles) == len(shipped().profiles) + 1


def test_a_profile_made_stricter(file: Path) -> None:
    found = loaded(
        file,
        f"acme_tsr:\n  tightens: us_ftc_tsr\n  ring: {{at_least: 20 s, or_rings: 5, {CITED}}}\n"
        f"  abandonment: [{{limit: 1.5 %, window: calendar_day, {CITED}}}]\n",
    )
    tsr = found.book.profile("us_ftc_tsr")
    assert combine([tsr]).ring_least_ms == 20_000
    assert [rule.limit_bp for rule in tsr.abandonment] == [300, 150]
    assert tsr.file == f"us_federal.yaml, {file}"
    assert found.loosened == ()
    assert "acme_tsr" not in found.book.profiles


@pytest.mark.parametrize(
    ("which", "section", "words"),
    [
        ("us_ftc_tsr", "ring: {at_least: 10 s, or_rings: 4", "shorter ring"),
        ("us_ftc_tsr", "ring: {at_least: 15 s, or_rings: 3", "fewer rings"),
        ("uk_ofcom_2017", "ring: {at_least: 15 s, or_rings: 4", "fewer rings"),
        ("us_fl", "hours: {weekdays: [08:00-20:30]", "longer hours"),
        ("us_fl", "hours: {weekdays: [08:00-20:00], consent_lifts: yes", "consent lifts"),
        ("us_la", "hours: {weekdays: [08:00-20:00], sunday: none", "longer hours"),
        (
            "us_la",
            "hours: {weekdays: [08:00-20:00], sunday: none, holiday: none, holidays: [US]",
            "fewer holidays",
        ),
        (
            "us_al",
            "hours: {weekdays: [08:00-20:00], sunday: none, holiday: none, shift: sunday_to_monday",
            "fewer days",
        ),
        ("us_ftc_tsr", "connect: {within: 3 s, after: greeting_end", "longer time"),
        ("uk_ofcom_2017", "connect: {within: 2 s, after: greeting_end", "starts later"),
        ("us_fcc_tcpa", "message: {parts: [seller_name]", "part of the message"),
        (
            "us_ftc_tsr",
            "registry: {oldest: 45 days, registries: [us_national], relationship_overrides: yes",
            "older copy",
        ),
        ("uk_pecr_live", "registry: {oldest: 28 days, registries: [uk_tps]", "left out"),
        (
            "uk_pecr_live",
            "registry: {oldest: 28 days, registries: [uk_tps, uk_ctps], relationship_overrides: yes",
            "relationship",
        ),
        ("us_ct", "consent: {least: express", "weaker"),
        ("de_uwg", "consent: {least: express, relationship_suffices: yes", "relationship"),
        ("de_uwg", "consent: {least: express, purposes: [research]", "fewer calls"),
        ("de_uwg", "consent: {least: express, from: 2030-01-01", "later beginning"),
        ("us_ftc_tsr", "caller_id: {proof_of_right: no", "no proof"),
        ("us_ftc_tsr", "caller_id: {proof_of_right: yes, may_withhold: yes", "no caller ID"),
        ("us_fcc_tcpa", "opt_out: {business_days: 20, all_topics_from: 2027-01-31", "longer time"),
        ("us_fcc_tcpa", "opt_out: {business_days: 10", "all topics later"),
        (
            "br_anatel",
            "short_calls: {short: [{at_most: 3 s}], most: 85 %, above_calls: 100000",
            "fewer calls are short",
        ),
        (
            "br_anatel",
            "short_calls: {short: [{at_most: 6 s}], most: 90 %, above_calls: 100000",
            "larger share",
        ),
    ],
)
def test_looser_is_refused_and_explained_unless_somebody_answers_for_it(
    file: Path, which: str, section: str, words: str
) -> None:
    text = f"mine:\n  tightens: {which}\n  {section}, {CITED}}}\n"
    with pytest.raises(BadInput) as refused:
        loaded(file, text)
    name = section.split(":")[0]
    assert str(refused.value).startswith(f"{file}:3:{5 + len(name)}: mine.{name}: ")
    assert words in str(refused.value)
    assert "override" in str(refused.value)
    found = loaded(file, text + "  override: {by: Ada, why: counsel said so, date: 2026-07-01}\n")
    assert found.loosened == (Loosened(which, name, "Ada", "counsel said so", date(2026, 7, 1)),)


@pytest.mark.parametrize(
    ("which", "section"),
    [
        ("us_ftc_tsr", "hours: {weekdays: [09:00-12:00, 13:00-20:00]"),
        (
            "us_al",
            "hours: {weekdays: [09:00-19:00], saturday: none, sunday: none, holiday: none, holidays: [US-AL, US], shift: sunday_to_monday_saturday_to_friday",
        ),
        ("us_ftc_tsr", "connect: {within: 1500 ms, after: answer"),
        ("us_ftc_tsr", "registry: {oldest: 14 days, registries: [us_national, house]"),
        ("us_ct", "consent: {least: written"),
        ("us_fcc_tcpa", "opt_out: {days: 2, all_topics_from: 2026-01-01"),
        ("br_anatel", "short_calls: {short: [{at_most: 8 s}], most: 80 %, above_calls: 50000"),
        ("us_fl", "registry: {oldest: 31 days, registries: [fl_state]"),
    ],
)
def test_stricter_is_taken(file: Path, which: str, section: str) -> None:
    found = loaded(file, f"mine:\n  tightens: {which}\n  {section}, {CITED}}}\n")
    assert found.loosened == ()
    assert found.book.profile(which) != shipped().profile(which)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mine:\n  tightens: us_xx\n", ":2:13: mine.tightens: 'us_xx' is no profile read before"),
        ("mine:\n  tightens: us_fl\n  nature: draft\n", ":3:3: mine.nature: unknown"),
        ("us_fl:\n  nature: law\n", ":2:3: us_fl: is a profile of us_states.yaml"),
        ("mine:\n  tightens: us_fl\n  override: {by: Ada}\n", "why is missing"),
        ("mine:\n  tightens: us_fl\n  ring: {at_least: 20 s}\n", "cite is missing"),
    ],
)
def test_mistakes_are_named(file: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        loaded(file, text)
    assert words in str(refused.value)


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(BadInput, match="cannot read"):
        load_rules(file)


ids = st.sampled_from(sorted(shipped().profiles))


@given(ids, ids)
@settings(deadline=None, max_examples=100)
def test_what_passes_as_stricter_leaves_nothing_of_the_old_to_add(one: str, other: str) -> None:
    """For any two profiles of the product: the figures of the old one beside the new one change nothing."""
    before, donor = shipped().profile(one), shipped().profile(other)
    for name in (*SINGLE, *ADDED):
        if not getattr(before, name) or not getattr(donor, name):
            continue
        after = replace(before, **{name: getattr(donor, name)})
        if looser(before, after, name):
            continue
        both, alone = combine([before, replace(after, id="after")]), combine([after])
        for figure in ("max_abandon_bp", "ring_least_ms", "ring_or_rings", "hours_weekdays", "hours_saturday",
                       "hours_sunday", "hours_holiday", "attempts", "cooling", "scrub_age_days", "registries",
                       "consent", "message_parts", "message_within_ms", "on_foreign_ringback", "caller_id_proof"):  # fmt: skip
            assert getattr(both, figure) == getattr(alone, figure), (name, figure)


async def test_what_is_loosened_is_in_the_log_and_the_audit_trail(caplog: pytest.LogCaptureFixture) -> None:
    users = FakeUsers()
    one = Loosened("us_fl", "hours", "Ada", "counsel said so", date(2026, 7, 1))
    await tell_loosened([one], users, FakeClock())
    (line,) = users.audited
    assert (line.action, line.subject) == ("rules.loosened", "us_fl")
    assert line.detail == {"field": "hours", "by": "Ada", "why": "counsel said so", "on": "2026-07-01"}
    assert "rule loosened" in caplog.text
