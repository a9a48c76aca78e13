"""What the ears say of a line, in the engine's words: evidence for pacing, and what became of a call that nobody answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.audio.answered import Answer
from dialer.audio.answered import Verdict as AnswerVerdict
from dialer.audio.ringback import Hypothesis, Signal, Verdict
from dialer.compliance.abandonment_classes import AnsweredBy
from dialer.domain.announcements import Announcement, disposition_of
from dialer.domain.disposition import Disposition
from dialer.domain.events import LineSign

_SIGNS: Mapping[Signal, LineSign] = {
    Signal.RING: LineSign.RINGBACK_HEARD,
    Signal.BUSY: LineSign.BUSY_HEARD,
    Signal.CONGESTION: LineSign.BUSY_HEARD,
    Signal.UNOBTAINABLE: LineSign.BUSY_HEARD,
    Signal.SIT: LineSign.BUSY_HEARD,
    Signal.VOICE: LineSign.VOICE_HEARD,
    Signal.MUSIC: LineSign.MUSIC_HEARD,
}
_ENDS: Mapping[Signal, Disposition] = {
    Signal.BUSY: Disposition.BUSY,
    Signal.CONGESTION: Disposition.CONGESTION,
    Signal.UNOBTAINABLE: Disposition.NOT_IN_SERVICE,
    Signal.SIT: Disposition.NOT_IN_SERVICE,
}


def sign_of(verdict: Verdict) -> LineSign | None:
    """What pacing may know of it."""
    if verdict.hypothesis is Hypothesis.SILENT:
        return LineSign.NOTHING_HEARD
    return _SIGNS.get(verdict.signal)


@dataclass(slots=True)
class LineHearing:
    """Of one call. Times are moments on the clock; None: not heard."""

    foreign: Verdict | None = None
    """A ring-back tone that is positively another country's."""
    tone: Signal | None = None
    """A tone that says that nobody will answer."""
    announcement: Announcement | None = None
    answer: Answer | None = None
    greeting_start: datetime | None = None
    greeting_end: datetime | None = None

    def heard_answer(self, answered_at: datetime, answer: Answer, *, decided: bool) -> None:
        """`decided`: the answer's verdict is one, and not only that somebody speaks."""
        if answer.greeting_start_s is not None:
            self.greeting_start = answered_at + timedelta(seconds=answer.greeting_start_s)
        if answer.greeting_end_s is not None:
            self.greeting_end = answered_at + timedelta(seconds=answer.greeting_end_s)
        if decided:
            self.answer = answer

    @property
    def machine(self) -> bool:
        return self.answer is not None and not self.answer.verdict.is_person

    @property
    def fax(self) -> bool:
        return self.answer is not None and self.answer.verdict is AnswerVerdict.FAX

    @property
    def answered_by(self) -> AnsweredBy | None:
        """For the ledger: what is not known to be a machine is none."""
        if self.answer is None:
            return None
        return AnsweredBy.MACHINE if self.machine else AnsweredBy.PERSON

    def unanswered_end(self) -> tuple[Disposition, str] | None:
        """What was heard before the answer that never came, and its words."""
        if self.foreign is not None:
            return Disposition.FOREIGN_RINGBACK, told_foreign(self.foreign)
        if self.announcement is not None:
            return disposition_of(self.announcement), f"the carrier announced: {self.announcement}"
        if self.tone is not None and self.tone in _ENDS:
            return _ENDS[self.tone], f"the tone heard means {self.tone.replace('_', ' ')}"
        return None

    def answered_end(self) -> tuple[Disposition, str] | None:
        """Of a call that a machine or a fax answered and no agent took."""
        if self.answer is None or not self.machine:
            return None
        if self.fax:
            return Disposition.FAX, "a fax answered"
        sure = "" if self.answer.machine is None else f", probability {self.answer.machine:.3f}"
        return Disposition.MACHINE, f"a machine answered, heard after {self.answer.decided_at_s:.1f} s{sure}"


def nobody_will_answer(verdict: Verdict) -> bool:
    return verdict.signal in _ENDS


def told_foreign(verdict: Verdict) -> str:
    """The evidence: tone, length of its bursts, whose it may be, when it was known."""
    evidence = verdict.evidence
    tone = "+".join(f"{hz:.0f}" for hz in evidence.lines_hz) or "a tone of unknown frequency"
    bursts = ", ".join(f"{length:.2f}" for length in evidence.bursts_s[-2:])
    countries = sorted(verdict.countries)
    whose = ", ".join(countries[:8]) + (f" and {len(countries) - 8} more" if len(countries) > 8 else "")
    return (
        f"ring-back tone of {whose}: {tone} Hz, bursts of {bursts or '?'} s, known after {verdict.at_s:.1f} s"
    )
