"""Ears that hear what the test says."""

from dataclasses import dataclass, field
from datetime import datetime

from dialer.audio.answered import Answer, Kind, News
from dialer.audio.home import Home
from dialer.audio.ringback import Evidence, Hypothesis, Signal, Verdict
from dialer.domain.listening_plan import Audience
from dialer.ports.ears import AnswerHeard, EarEvent, EarsFigures, EarSink, EarsLost, RingHeard, TapId


def _nobody(event: EarEvent) -> None:
    raise AssertionError("the ears have no engine")


@dataclass
class FakeEars:
    up: bool = True
    sink: EarSink = _nobody
    homes: dict[TapId, Home] = field(default_factory=dict)
    answered_at: dict[TapId, datetime] = field(default_factory=dict)
    dropped: list[TapId] = field(default_factory=list)
    problem: str | None = None
    address: str = "127.0.0.1:9092"

    def listen(self, tap: TapId, home: Home, audience: Audience) -> None:
        self.homes[tap] = home

    def answered(self, tap: TapId, at: datetime) -> None:
        self.answered_at[tap] = at

    def drop(self, tap: TapId) -> None:
        self.homes.pop(tap, None)
        self.dropped.append(tap)

    def figures(self) -> EarsFigures:
        return EarsFigures(streams=len(self.homes))

    # --- what is heard ---

    @property
    def only(self) -> TapId:
        (tap,) = self.homes
        return tap

    def ring(self, tap: TapId, at: datetime, hypothesis: Hypothesis, signal: Signal = Signal.RING) -> None:
        foreign = hypothesis is Hypothesis.FOREIGN
        verdict = Verdict(
            1.4,
            hypothesis,
            signal,
            frozenset({"DE", "IT"}) if foreign else frozenset(),
            0.95,
            may_hang_up=foreign,
            evidence=Evidence((425.0,), (1.0,), (4.0,)),
        )
        self.sink(RingHeard(tap, at, verdict))

    def answer(self, tap: TapId, at: datetime, kind: Kind, answer: Answer) -> None:
        begun = self.answered_at[tap]
        self.sink(AnswerHeard(tap, at, begun, News(kind, (at - begun).total_seconds(), answer)))

    def die(self, at: datetime) -> None:
        self.up = False
        self.homes.clear()
        self.sink(EarsLost(at, "killed"))
