"""Overrides, caller IDs, lists of our own, and explanations on the command line."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.ids import CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.dialling import DialFacts, OwnLists, StoredRefusal
from dialer.ports.storage import ContactView
from tests.support.fake_store import FakeClock, FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

NOW = FakeClock().now()
NUMBER = PhoneNumber("+12025550123")


def campaign(run: Run, *more: str) -> None:
    done = run("campaign", "create", "--name", "spring", "--trunk", "main", *more)
    assert done.exit_code == 0, done.output


def rules(run: Run) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run("campaign", "show", "spring", "--json").stdout)
    return dict(shown["plan"]["rules"])


def test_a_campaign_says_why_it_calls_and_under_which_rules_at_home(run: Run, store: FakeStore) -> None:
    campaign(run, "--purpose", "collection", "--purpose", "informational", "--home-rules", "us_regf")
    assert rules(run)["purposes"] == ["collection", "informational"]
    assert run("campaign", "set", "spring", "--subject", "card 17", "--home-rules", "").exit_code == 0
    assert (rules(run)["home"], rules(run)["subject"]) == ([], "card 17")


def test_a_profile_that_does_not_exist_is_told_with_those_that_do(run: Run, store: FakeStore) -> None:
    done = run("campaign", "create", "--name", "x", "--trunk", "main", "--home-rules", "us_ftc")
    assert done.exit_code == 1
    assert "no profile 'us_ftc'" in done.output
    assert "us_ftc_tsr" in done.output


def test_a_rule_is_loosened_by_a_person_with_a_reason_and_binds_again(run: Run, store: FakeStore) -> None:
    campaign(run)
    words = ("campaign", "override", "spring", "--profile", "us_ftc_tsr", "--field", "registry")
    assert run(*words, "--value", "off").exit_code == 1  # without a reason
    done = run(*words, "--value", "off", "--why", "counsel agreed")
    assert done.exit_code == 0, done.output
    (override,) = rules(run)["overrides"]
    assert (override["profile"], override["value"], override["why"]) == (
        "us_ftc_tsr",
        "off",
        "counsel agreed",
    )
    assert override["by"].startswith("cli:")
    assert run("campaign", "set", "spring", "--subject", "x").exit_code == 0
    assert len(rules(run)["overrides"]) == 1  # a change of the plan does not lose it
    assert run(*words, "--remove").exit_code == 0
    assert rules(run)["overrides"] == []


@pytest.mark.parametrize(
    ("field", "value", "blamed"),
    [
        ("speed", "off", "cannot be loosened"),
        ("hours", "sometimes", "takes off"),
        ("consent", "maybe", "takes off"),
        ("cooling", "off", "nothing to loosen"),
    ],
)
def test_what_cannot_be_loosened_is_refused(
    run: Run, store: FakeStore, field: str, value: str, blamed: str
) -> None:
    campaign(run)
    words = ("campaign", "override", "spring", "--profile", "us_ftc_tsr", "--field", field)
    done = run(*words, "--value", value, "--why", "because")
    assert done.exit_code == 1
    assert blamed in done.output


def test_caller_ids_are_kept_with_their_proof(run: Run, store: FakeStore) -> None:
    assert "without proof" in run("caller-id", "add", "+12025550100").stdout
    assert run("caller-id", "add", "+12025550100", "--proof", "LOA of March").exit_code == 0
    assert "LOA of March" in run("caller-id", "list").stdout
    assert run("caller-id", "remove", "+12025550100").exit_code == 0
    assert json.loads(run("caller-id", "list", "--json").stdout) == []


def test_prefixes_and_sensitive_customers_have_lists_of_their_own(run: Run, store: FakeStore) -> None:
    assert run("dnc", "add", "+1 900", "--kind", "prefix").exit_code == 0
    assert run("dnc", "add", NUMBER.e164, "--kind", "sensitive", "--channel", "post").exit_code == 0
    assert run("dnc", "add", "abc", "--kind", "prefix").exit_code == 1
    assert run("dnc", "add", NUMBER.e164, "--channel", "post").exit_code == 1
    assert "+1900" in run("dnc", "list", "--kind", "prefix").stdout
    assert "post" in run("dnc", "check", NUMBER.e164).stdout
    assert run("dnc", "list").stdout.count("\n") == 1  # headings alone


def contact(store: FakeStore, **facts: Any) -> ContactId:
    which = ContactId(7)
    store.contacts.rows[which] = ContactView(
        which, CampaignId(1), "Ana", ContactState.READY, NOW, 0, "", (NUMBER,)
    )
    known = DialFacts(which, CampaignId(1), CampaignState.RUNNING, NUMBER, ("America/New_York",), 0)
    store.gate.facts[which] = replace(known, **facts)
    return which


def test_a_contact_is_explained_by_every_rule_and_check(run: Run, store: FakeStore) -> None:
    campaign(run)
    which = contact(store)
    store.gate.kept_refusals.append(
        StoredRefusal(
            which,
            CampaignId(1),
            NUMBER,
            "registry_stale",
            "us_ftc_tsr",
            "16 CFR 310.4",
            "no copy",
            None,
            NOW,
            NOW,
            3,
        )
    )
    shown = run("explain", "contact", "7")
    assert shown.exit_code == 0, shown.output
    assert "us_ftc_tsr" in shown.stdout
    assert "310.4(c)" in shown.stdout  # the hours' citation
    assert "no copy" in shown.stdout
    told = json.loads(run("explain", "contact", "--number", NUMBER.e164, "--json").stdout)[0]
    assert told["verdict"]["refusal"]["reason"] == "registry_stale"
    assert [each["check"] for each in told["verdict"]["checks"]][:3] == ["clock", "campaign", "lists"]
    assert (told["next_at"], told["refusals"][0]["times"]) == (None, 3)
    assert {"us_ftc_tsr", "us_fcc_tcpa"} <= {each["profile"] for each in told["verdict"]["rules"]}
    counted = run("explain", "campaign", "spring")
    assert "16 CFR 310.4" in counted.stdout


def test_when_a_contact_is_next_is_worked_out_by_the_gate(run: Run, store: FakeStore) -> None:
    campaign(run, "--purpose", "informational", "--start", "11:00", "--end", "12:00")
    contact(store)
    told = json.loads(run("explain", "contact", "7", "--json").stdout)
    assert told["verdict"]["refusal"]["reason"] == "outside_hours"  # it is 10:00 in New York
    assert told["next_at"] == (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    contact(store, lists=OwnLists(internal_dnc="asked"))
    told = json.loads(run("explain", "contact", "7", "--json").stdout)
    assert (told["verdict"]["refusal"]["reason"], told["next_at"]) == ("internal_dnc", None)
