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


@pytest.mark.parametrize(
    "spoiled",
    [
        {"mean": {}, "variance": {}},
        {"plain": [5.0, 1.0]},
        {"plain": [float("nan"), 1.0]},
        {"variance": {"all": -1.0}},
        {"scores": [1.0]},
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
