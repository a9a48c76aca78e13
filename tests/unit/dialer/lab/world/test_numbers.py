import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import BadInput
from dialer.lab.world.numbers import ABROAD, Behaviour, behaviour_of, number, rings_in

pytestmark = pytest.mark.unit


@given(st.sampled_from(Behaviour), st.integers(min_value=0, max_value=600))
def test_a_number_behaves_as_it_was_made_to(behaviour: Behaviour, n: int) -> None:
    made = number(behaviour, n)
    assert len(made) == len("+12025550123")
    assert behaviour_of(made) is behaviour
    assert behaviour_of(made.removeprefix("+1")) is behaviour


def test_numbers_are_distinct() -> None:
    made = {number(Behaviour.ANSWERS, n) for n in range(5000)}
    assert len(made) == 5000


@pytest.mark.parametrize(
    ("written", "behaviour"),
    [
        ("+12125550123", Behaviour.ANSWERS),
        ("+12125552123", Behaviour.RINGS_OUT),
        ("+12125550999", Behaviour.TONE),
        ("+12125552999", Behaviour.GIVEN_UP_BY_NETWORK),
        ("12125553999", Behaviour.BUSY),
        ("+12125570123", Behaviour.GREETS),
        ("+12125579123", Behaviour.ANNOUNCED),
        ("+12125579999", Behaviour.SOUNDLESS),
        ("+15055580000", Behaviour.ABROAD),
    ],
)
def test_the_first_of_the_last_four_digits_decides(written: str, behaviour: Behaviour) -> None:
    assert behaviour_of(written) is behaviour


@pytest.mark.parametrize("written", ["", "+4420555123", "+12125560123", "+12125580123", "hello"])
def test_others_are_refused(written: str) -> None:
    with pytest.raises(BadInput):
        behaviour_of(written)


@pytest.mark.parametrize("n", [-1, 10_000_000])
def test_there_are_only_so_many(n: int) -> None:
    with pytest.raises(BadInput):
        number(Behaviour.TONE, n)


def test_abroad_the_area_code_says_where() -> None:
    assert [rings_in(number(Behaviour.ABROAD, n)) for n in range(12)] == [*ABROAD.values()] * 2
    assert rings_in(number(Behaviour.HOME_RINGBACK)) is None
