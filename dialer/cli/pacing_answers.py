"""Who answers, in words: how well the model foresees it, and what makes contacts more or less likely to answer."""

from dialer.cli import console
from dialer.web.pacing_answers import AnswersOut, FeatureOut
from dialer.words import Language, name_of

_NAMED_VALUES = frozenset({"weekday", "age", "type"})


def tell_answers(told: AnswersOut) -> None:
    trust = "cli.answers_trusted" if told.trusted else "cli.answers_not_trusted"
    console.tell(
        trust, error=_error(told.error), plain=_error(told.plain_error), rate=f"{told.plain_rate:.1%}"
    )
    if told.reliability:
        console.show(
            ("foreseen_between", "lines", "foreseen_mean", "answered_share"),
            [
                (f"{t.least:.0%} – {t.most:.0%}", f"{t.lines:,.0f}", f"{t.foreseen:.1%}", f"{t.answered:.1%}")
                for t in told.reliability
            ],
        )
    if told.features:
        words = console.language()
        console.show(
            ("feature", "value", "odds_times"),
            [
                (name_of("feature", each.kind, words), _value(each, words), f"× {each.times:.2f}")
                for each in told.features
            ],
        )


def _value(feature: FeatureOut, words: Language) -> str:
    named = feature.kind in _NAMED_VALUES
    return name_of(f"feature.{feature.kind}", feature.value, words) if named else feature.value


def _error(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
