"""The plan of the demonstration's own campaign, as the API takes it."""

from typing import Any


def demo_plan() -> dict[str, Any]:
    """Short pauses: two minutes have to show what takes a day."""
    return {
        "name": "demo",
        "trunk": "carrier",
        "hours": {"start": "00:00", "end": "24:00", "weekdays": list(range(7))},
        "ring_for_s": 16,
        "wrap_up_s": 1,
        "rules": {"purposes": ["informational"]},  # no selling: at any hour, without a registry
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
        },
    }
