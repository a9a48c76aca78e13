"""The plan of the demonstration's own campaign, as the API takes it, and the rules loosened for it on record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dialer.domain.campaign_rules import RuleOverride
from dialer.domain.ids import CampaignId
from dialer.storage.postgres.store import PostgresStore

HELD_TO = "us_ftc_tsr"
PRERECORDED = {"informational": "us_fcc_prerecorded_info", "sales": "us_fcc_prerecorded"}
"""What the gate holds campaigns to that let a machine speak, by their purpose, whatever their plan says."""
_LOOSENED = (
    ("hours", "off", "the demonstration runs at any hour"),
    ("caller_id", "no_proof", "the number shown is the lab's own"),
    ("on_foreign_ringback", "hang_up_now", "shows that people abroad are not made to pay for a call"),
)


def demo_plan() -> dict[str, Any]:
    """Short pauses: two minutes have to show what takes a day."""
    return {
        "name": "demo",
        "trunk": "carrier",
        "hours": {"start": "00:00", "end": "24:00", "weekdays": list(range(7))},
        "ring_for_s": 16,
        "wrap_up_s": 1,
        # no selling, but held to the rule that counts two seconds from the end of the greeting: there is time to listen
        "rules": {"purposes": ["informational"], "home": [HELD_TO]},
        "listening": {"answer": "wait_for_verdict", "audience": "homes"},
        "pacing": {"mode": "predictive"},
        "retry": {
            "busy": {"delay_s": 20, "most": 2},
            "congestion": {"delay_s": 20, "most": 2},
            "not_in_service": {"delay_s": 1, "most": 5, "number_is_dead": True},
            "no_answer": {"delay_s": 7200, "most": 4},
            "rejected": {"delay_s": 86400, "most": 2},
            "machine": {"delay_s": 14400, "most": 3},
            "dead_air": {"delay_s": 14400, "most": 2},
            "hung_up": {"delay_s": 86400, "most": 2},
            "abandoned": {"delay_s": 259200, "most": 2},
            "dropped": {"delay_s": 3600, "most": 2},
            "lost": {"delay_s": 7200, "most": 3},
            "failed": {"delay_s": 1800, "most": 6},
            "foreign_ringback": {"delay_s": 604800, "most": 3},
        },
    }


async def loosen_rules(
    store: PostgresStore, campaign: CampaignId, by: str, now: datetime, profiles: Sequence[str] = (HELD_TO,)
) -> None:
    """As `fairdial campaign override` does: in the plan and in the audit trail, with name and reason."""
    plan = (await store.campaigns.campaign(campaign)).plan
    said = tuple(
        RuleOverride(profile, field, value, by, why, now)
        for profile in profiles
        for field, value, why in _LOOSENED
    )
    rules = replace(plan.rules, overrides=(*plan.rules.overrides, *said))
    await store.campaigns.change_plan(campaign, replace(plan, rules=rules))
    for each in said:
        detail = {"profile": each.profile, "field": each.field, "value": each.value, "why": each.why}
        await store.users.audit(by, "campaign.override", str(campaign), detail, now)
