"""How answers are counted, and what nobody can know who goes by lengths alone."""

import pytest

from dialer.audio.answered import Verdict
from dialer.lab.ears import ideal_observer
from dialer.lab.ears.answered_trials import Said, Tried
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE

pytestmark = pytest.mark.unit


def test_what_was_known_by_when() -> None:
    tried = Tried()
    tried.said = [
        Said(MACHINE, Verdict.MACHINE, 2.9, 0.5),
        Said(MACHINE, Verdict.BEEP, 3.0, 0.5),
        Said(MACHINE, Verdict.PERSON, 2.0, 0.5),
        Said(MACHINE, Verdict.MACHINE, 3.4, 0.5),
        Said(HOME, Verdict.UNCERTAIN, 2.0, 0.5),
    ]
    assert tried.known_by(MACHINE, 3.0) == {"machine": 0.5, "person": 0.25, "unsure": 0, "open": 0.25}
    assert tried.known_by(MACHINE, 3.0, from_first_word=True)["machine"] == 0.75
    assert tried.known_by(HOME, 3.0)["unsure"] == 1


def test_an_office_cannot_be_told_from_a_machine_within_three_seconds() -> None:
    homes = ideal_observer.best({HOME: 10}, 3.0, 0.005)
    offices = ideal_observer.best({HOME: 7, OFFICE: 3}, 3.0, 0.005)
    # a home's greeting is shorter than 1.8 s, an office's mostly than 3.0 s
    assert 1.6 < homes.length_s < 1.8 < 3.0 < offices.length_s
    assert 0.8 < homes.known_by_length < homes.known_at_best < 1
    assert offices.known_by_length == 0 < offices.known_at_best < 0.2
    # whoever is judged at that moment whatever he has said pays for it
    assert homes.latest_people_lost > 0.05


def test_more_may_be_known_where_more_people_may_be_lost() -> None:
    careful, careless = (ideal_observer.best({HOME: 1}, 3.0, lost) for lost in (0.001, 0.02))
    assert careful.length_s > careless.length_s
    assert careful.known_by_length < careless.known_by_length
    assert careful.known_at_best < careless.known_at_best
