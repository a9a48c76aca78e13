"""What contacts look like before they are dialled: features that say something about who will answer, not everything."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.pacer import ContactFeatures
from dialer.simulation.draws import Stream, Streams
from dialer.simulation.laws import Fixed, Floats, Law, choose, split
from dialer.simulation.scenario import ContactClass


def looks(
    streams: Streams,
    sheet: int,
    which: NDArray[np.int64],
    probability: Floats,
    classes: Sequence[ContactClass],
    hour: int,
    weekday: int,
) -> list[ContactFeatures]:
    """Of a sheet's contacts. Earlier answers come from each contact's own `probability`, the rest from its class."""
    if all(each.looks.earlier_attempts is None and each.looks.list_age_days is None for each in classes):
        same = [_features(each, hour, weekday, None, 0, 0) for each in classes]
        return [same[place] for place in _listed(streams, sheet, which, classes).tolist()]
    listed = _listed(streams, sheet, which, classes)
    ages = _drawn(streams, sheet, Stream.LIST_AGE, listed, [c.looks.list_age_days for c in classes], -1.0)
    attempts = _drawn(
        streams, sheet, Stream.EARLIER_ATTEMPTS, listed, [c.looks.earlier_attempts for c in classes], 0.0
    ).astype(np.int64)
    answered = streams.generator(Stream.EARLIER_ANSWERS, sheet).binomial(attempts, probability)
    return [
        _features(classes[place], hour, weekday, None if age < 0 else round(age, 1), made, taken)
        for place, age, made, taken in zip(
            listed.tolist(), ages.tolist(), attempts.tolist(), answered.tolist(), strict=True
        )
    ]


def _listed(
    streams: Streams, sheet: int, which: NDArray[np.int64], classes: Sequence[ContactClass]
) -> NDArray[np.int64]:
    """Under which class each contact is listed: another than its own for those that are misfiled."""
    misfiled = np.array([each.looks.misfiled for each in classes])[which]
    if not misfiled.any():
        return which
    u = streams.uniforms(Stream.LOOKS, sheet)
    elsewhere, _ = split((u / np.maximum(misfiled, 1e-12)).clip(0, 1 - 1e-12), [c.weight for c in classes])
    return np.where(u < misfiled, elsewhere, which)


def _drawn(
    streams: Streams,
    sheet: int,
    stream: Stream,
    listed: NDArray[np.int64],
    laws: Sequence[Law | None],
    without: float,
) -> Floats:
    u = streams.uniforms(stream, sheet)
    return choose(listed, [(law or Fixed(without)).quantiles(u) for law in laws])


def _features(
    contact_class: ContactClass, hour: int, weekday: int, age: float | None, attempts: int, answered: int
) -> ContactFeatures:
    shown = contact_class.looks
    return ContactFeatures(
        hour=hour,
        weekday=weekday,
        attempts=attempts,
        answered_before=answered,
        not_answered_before=attempts - answered,
        number_type=shown.number_type,
        area=shown.area,
        list_name=shown.list_name,
        list_age_days=age,
    )
