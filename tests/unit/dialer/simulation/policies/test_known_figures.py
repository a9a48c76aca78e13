"""Rules on the realistic floor against the figures known for it, coarsely: a few hours only.

Known for 20 agents, 30 % answers, talks of 90 s and wrap-ups of 15 s: occupancy in percent (abandonment), from runs of 150
hours on a floor that looks every 0.25 s.
"""

import pytest

from dialer.domain.pacing_plan import PacingMode
from dialer.pacing.pacer import Pacer
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.policies.simple import LinesPerAgent, MeanBased, OwnMode, SuperProgressive
from tests.unit.dialer.simulation.policies.small_world import SmallWorld

pytestmark = pytest.mark.unit

WORLD = SmallWorld(20, hours=2.0)


@pytest.mark.parametrize(
    ("pacer", "occupancy", "abandonment"),
    [
        (OwnMode(PacingMode.PROGRESSIVE), 64.1, 0.0),
        (SuperProgressive(3.48), 87.0, 2.9),
        (MeanBased(0.648, 0.3, 9.9, 105.1), 84.1, 2.5),
        (LinesPerAgent(1.19), 80.1, 2.2),
    ],
)
def test_simple_rules(pacer: Pacer, occupancy: float, abandonment: float) -> None:
    day = ModelFloor(WORLD, pacer).run()
    assert 100 * day.occupancy == pytest.approx(occupancy, abs=2.0)
    assert 100 * day.abandonment == pytest.approx(abandonment, abs=1.0)
