import random

import pytest

from dialer.pacing.answer_model import AnswerModel
from dialer.pacing.pacer import UNKNOWN_CONTACT, ContactFeatures

pytestmark = pytest.mark.unit

GOOD = ContactFeatures(hour=18, attempts=0, answered_before=1, number_type="mobile", area="+1202")
BAD = ContactFeatures(hour=10, attempts=4, not_answered_before=4, number_type="fixed", area="+1305")


def taught(lines: int = 2000, seed: int = 1) -> AnswerModel:
    model, rng = AnswerModel(), random.Random(seed)
    for _ in range(lines):
        contact, chance = (GOOD, 0.6) if rng.random() < 0.5 else (BAD, 0.1)
        model.learn(contact, rng.random() < chance)
    return model


def test_it_starts_with_the_plain_rate() -> None:
    model = AnswerModel()
    assert model.predict(GOOD) == model.predict(BAD) == model.plain_rate == 0.25
    assert not model.trusted


def test_contacts_that_differ_are_told_apart_and_calibrated() -> None:
    model = taught()
    assert model.trusted
    assert model.predict(GOOD) == pytest.approx(0.6, abs=0.08)
    assert model.predict(BAD) == pytest.approx(0.1, abs=0.05)


def test_a_feature_seen_three_times_moves_little() -> None:
    model = taught()
    rare = ContactFeatures(hour=18, answered_before=1, number_type="mobile", area="+1999")
    before = model.predict(rare)
    for _ in range(3):
        model.learn(rare, False)
    assert before - model.predict(rare) < 0.15


def test_a_model_without_information_is_not_trusted_far() -> None:
    """Features that say nothing: whatever the score, the prediction stays near the plain rate."""
    model, rng = AnswerModel(), random.Random(3)
    for n in range(3000):
        contact = ContactFeatures(area=f"+{n % 7}", hour=n % 24)
        model.learn(contact, rng.random() < 0.3)
    for n in range(24):
        assert model.predict(ContactFeatures(area=f"+{n % 7}", hour=n)) == pytest.approx(0.3, abs=0.13)


def test_a_model_that_went_wrong_falls_back_to_the_plain_rate() -> None:
    model, rng = taught(), random.Random(4)
    for _ in range(3000):
        contact, chance = (GOOD, 0.1) if rng.random() < 0.5 else (BAD, 0.1)
        model.learn(contact, rng.random() < chance)
    assert model.predict(GOOD) == pytest.approx(0.1, abs=0.06)


def test_it_explains_itself() -> None:
    told = {each.feature: each for each in taught().explain(GOOD)}
    assert told["answered:1"].log_odds > 0.3
    assert 0 < told["answered:1"].uncertainty < 0.8


def test_what_was_learnt_survives_a_restart() -> None:
    before, after = taught(), AnswerModel()
    after.take_up(before.document())
    for contact in (GOOD, BAD, UNKNOWN_CONTACT):
        assert after.predict(contact) == pytest.approx(before.predict(contact))


def test_a_model_without_worth_is_not_trusted_by_luck() -> None:
    """Contacts that look different and answer alike: over many campaigns hardly one may believe what it sees in them."""
    believed = 0
    for seed in range(20):
        model, dice = AnswerModel(), random.Random(seed)
        for nth in range(400):
            model.learn(ContactFeatures(area=f"+1{nth % 40}", hour=nth % 9), dice.random() < 0.35)
            believed += model.trusted
    assert believed < 0.05 * 20 * 250


def test_what_was_foreseen_is_set_beside_what_happened() -> None:
    model = taught()
    told = model.reliability()
    assert [each.least for each in told] == sorted({each.least for each in told})
    many = [each for each in told if each.lines > 100]
    assert many
    for each in many:
        assert each.least <= each.foreseen <= each.most
        assert each.answered == pytest.approx(each.foreseen, abs=0.1)
    again = AnswerModel()
    again.take_up(model.document())
    assert again.reliability() == told


def test_a_lesson_without_reliability_is_taken_up() -> None:
    document = {name: value for name, value in taught().document().items() if name != "tenths"}
    model = AnswerModel()
    model.take_up(document)
    assert model.trusted == taught().trusted
    assert model.reliability() == []


def test_the_strongest_features_are_sure_and_come_first() -> None:
    told = taught().strongest(3)
    assert 0 < len(told) <= 3
    assert all(abs(each.log_odds) > each.uncertainty for each in told)
    assert all(each.feature != "all" for each in told)
    assert AnswerModel().strongest(3) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"mean": {}, "variance": {}},
        {"plain": [5.0, 1.0]},
        {"plain": [float("nan"), 1.0]},
        {"variance": {"all": -1.0}},
        {"scores": [1.0]},
        {"tenths": [1.0]},
        {"mean": 3},
    ],
)
def test_a_spoiled_document_is_refused(spoiled: dict[str, object]) -> None:
    document = {**AnswerModel().document(), **spoiled}
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        AnswerModel().take_up(document)


def test_features_of_others_cannot_fill_the_memory() -> None:
    model = AnswerModel()
    for n in range(21_000):
        model.learn(ContactFeatures(area=f"+{n}"), False)
    assert len(model.document()["mean"]) <= 20_000  # type: ignore[arg-type]
