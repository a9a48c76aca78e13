"""How many machines anybody can know by a moment who hears perfectly and at once, but goes by lengths alone.

A person whose greeting lasts longer than the rule waits is lost, so what is allowed to be lost is all there is to choose
(Neyman and Pearson). Two rules: one length for everybody; or, which is the best there is for that moment, whoever began
early enough and still speaks then. The second loses those people who begin to speak late: of them far more than allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

from dialer.lab.ears import greetings

_DRAWS = 50_000
_SEED = 41_01


@dataclass(frozen=True, slots=True)
class Ideal:
    """`length_s`: a machine is whoever speaks so long. `begun_s`: who begins later than this is not judged at the moment."""

    length_s: float
    known_by_length: float
    begun_s: float
    known_at_best: float
    latest_people_lost: float
    """By the best rule: of the people who begin at `begun_s`."""


def best(people: Mapping[str, int], by_s: float, lost: float) -> Ideal:
    """`people`: who is called, and how many of each. `lost`: the share of them that may be called a machine."""
    random = Random(_SEED)
    everybody = sum(people.values())
    lengths = np.array(
        [
            greetings.drawn_length_s(who, random)
            for who, count in people.items()
            for _ in range(_DRAWS * count // everybody)
        ]
    )
    begun = np.array([greetings.first_word_s(random) for _ in lengths])
    length_s = float(np.quantile(lengths, 1 - lost))
    order = np.argsort(begun)
    still_speaks = lengths[order] > by_s - begun[order]
    allowed = int(np.searchsorted(np.cumsum(still_speaks), lost * len(lengths), side="right"))
    begun_s = float(begun[order][max(0, allowed - 1)])
    return Ideal(
        round(length_s, 3),
        float((begun <= by_s - length_s).mean()),
        round(begun_s, 3),
        allowed / len(lengths),
        float((lengths > by_s - begun_s).mean()),
    )
