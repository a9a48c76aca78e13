"""Two slow corrections of what was foreseen: how many lines are answered, and how many answers are lost."""

from dataclasses import dataclass

_SLOW_HALF_LIFE = 120.0  # answers
_FAST_HALF_LIFE = 25.0
_PRIOR_ANSWERS = 15.0
_SURPRISE = 2.0  # standard deviations by which the fast ratio must exceed the slow one
_LOST_HALF_LIFE = 200.0
_PRIOR_PROMISED = 30.0
_PRIOR_RATIO = 1.5  # each line also takes agents from lines started before it, which the promise leaves out


@dataclass(slots=True)
class _Ratio:
    half_life: float
    seen: float = 0.0
    foreseen: float = 0.0

    def answer(self, times: float = 1.0) -> None:
        if times > 0:
            fade = 2.0 ** (-times / self.half_life)
            self.seen *= fade
            self.foreseen *= fade
        self.seen = max(self.seen + times, 0.0)

    @property
    def value(self) -> float:
        return (self.seen + _PRIOR_ANSWERS) / (self.foreseen + _PRIOR_ANSWERS)

    @property
    def spread(self) -> float:
        return float((self.seen + _PRIOR_ANSWERS) ** 0.5 / (self.foreseen + _PRIOR_ANSWERS))


class AnswerLevel:
    """Answers that came over answers foreseen by the lines' hazards, second by second.

    The slow ratio counts, unless the fast one is clearly higher: a flood is believed sooner than a drought.
    """

    def __init__(self) -> None:
        self._slow, self._fast = _Ratio(_SLOW_HALF_LIFE), _Ratio(_FAST_HALF_LIFE)
        self.ratio = 1.0

    def expect(self, answers: float) -> None:
        # without answers nothing fades: a long drought must count
        self._slow.foreseen += answers
        self._fast.foreseen += answers
        self._compare()

    def answer(self, times: float = 1.0) -> None:
        """Minus one takes an answer back that was a machine."""
        self._slow.answer(times)
        self._fast.answer(times)
        self._compare()

    def _compare(self) -> None:
        slow, fast = self._slow.value, self._fast.value
        chosen = fast if fast > slow and fast - slow > _SURPRISE * self._fast.spread else slow
        self.ratio = min(max(chosen, 0.2), 4.0)


class LossLevel:
    """Abandonments seen over abandonments promised when the lines were started."""

    def __init__(self) -> None:
        self._seen, self._promised = 0.0, 0.0

    def promise(self, abandonments: float) -> None:
        self._promised += abandonments

    def abandoned(self) -> None:
        fade = 2.0 ** (-1.0 / _LOST_HALF_LIFE)
        self._seen, self._promised = self._seen * fade + 1.0, self._promised * fade

    @property
    def ratio(self) -> float:
        value = (self._seen + _PRIOR_PROMISED * _PRIOR_RATIO) / (self._promised + _PRIOR_PROMISED)
        return min(max(value, 0.5), 4.0)
