import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules, RuleOverride
from dialer.domain.ids import TrunkName
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.domain.rules_document import check_profiles, rules_from_json, rules_to_json
from dialer.errors import BadInput

pytestmark = pytest.mark.unit

words = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=80)
lines = st.just("") | words
overrides = st.builds(RuleOverride, words, words, words, words, words, st.datetimes(timezones=st.just(UTC)))
rules = st.builds(
    CampaignRules,
    purposes=st.frozensets(st.sampled_from(CallPurpose), min_size=1),
    home=st.frozensets(words, max_size=3),
    subject=lines,
    seller=lines,
    seller_phone=lines,
    closing_guard=st.timedeltas(timedelta(0), timedelta(hours=1)),
    revoke_all=st.booleans(),
    detector=st.booleans(),
    overrides=st.lists(overrides, max_size=3).map(tuple),
    languages=st.dictionaries(words, words, max_size=2),
)


@given(rules)
def test_rules_survive_the_way_through_json(rule: CampaignRules) -> None:
    assert rules_from_json(json.loads(json.dumps(rules_to_json(rule))), "rules") == rule


def test_a_plan_from_before_there_were_rules_is_for_sales_under_no_rules_of_home() -> None:
    document = plan_to_json(CampaignPlan("a", TrunkName("main")))
    del document["rules"]
    assert plan_from_json(document).rules == CampaignRules()
    assert plan_from_json(document).rules.purposes == {CallPurpose.SALES}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ([], "rules"),
        ({"purpose": "sales"}, "rules.purpose"),
        ({"purposes": "sales"}, "rules.purposes"),
        ({"purposes": []}, "rules.purposes"),
        ({"purposes": ["sale"]}, "rules.purposes.0"),
        ({"purposes": [["sales"]]}, "rules.purposes.0"),
        ({"home": [""]}, "rules.home.0"),
        ({"subject": "two\nlines"}, "rules.subject"),
        ({"seller": 5}, "rules.seller"),
        ({"closing_guard_s": 3601}, "rules.closing_guard_s"),
        ({"closing_guard_s": float("nan")}, "rules.closing_guard_s"),
        ({"revoke_all": "no"}, "rules.revoke_all"),
        ({"detector": 1}, "rules.detector"),
        ({"overrides": [{"profile": "us_ftc_tsr"}]}, "rules.overrides.0.field"),
        (
            {
                "overrides": [
                    {
                        "profile": "p",
                        "field": "hours",
                        "value": "off",
                        "by": "b",
                        "why": "w",
                        "at": "2026-01-01T00:00",
                    }
                ]
            },
            "rules.overrides.0.at",
        ),
        ({"languages": ["es"]}, "rules.languages"),
        ({"languages": {"es": ""}}, "rules.languages.es"),
    ],
)
def test_what_is_wrong_is_named(change: Any, field: str) -> None:
    with pytest.raises(BadInput) as wrong:
        plan_from_json({"name": "a", "trunk": "main", "rules": change})
    assert wrong.value.field == field


def test_a_profile_that_is_in_no_rulebook_is_told_with_those_that_are() -> None:
    with pytest.raises(BadInput, match=r"no profile 'us_ftc'; there are: uk_pecr_live, us_ftc_tsr") as wrong:
        check_profiles(CampaignRules(home=frozenset({"us_ftc"})), ["us_ftc_tsr", "uk_pecr_live"])
    assert wrong.value.field == "rules.home"
    check_profiles(CampaignRules(home=frozenset({"us_ftc_tsr"})), ["us_ftc_tsr"])
