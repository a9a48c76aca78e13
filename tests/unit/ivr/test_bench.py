"""The calls of the benchmark are whole ones; how fast they go is measured elsewhere."""

import pytest

from ivr import bench
from ivr.samples import sample

pytestmark = pytest.mark.unit


def test_each_call_ends_and_a_stored_session_takes_the_same_steps() -> None:
    for name, events in (("main-menu", bench.main_menu()), ("survey", bench.survey())):
        assert (
            bench.one_call(sample(name), events)
            == bench.one_call(sample(name), events, stored=True)
            == len(events)
        )
