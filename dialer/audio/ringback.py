"""Whose ring-back tone is it? Hypotheses about one stream, and what may be done on them.

`foreign` is said as soon as nothing at home fits and a foreign ring does. A hang-up is allowed only when a second,
independent thing has been heard: the frequency is foreign *and* a whole burst has a listed length; or, where the
frequency is the same, a whole period (burst, silence, next burst) that no home tone has. A tone that ends too early
or a silence that goes on excludes nothing: the callee may have answered.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from dialer.audio.cadence import Repertoire, Sounds, Steps
from dialer.audio.zones import Kind


class Hypothesis(StrEnum):
    HOME = "home"
    FOREIGN = "foreign"
    AMBIGUOUS = "ambiguous"
    """Fits home and foreign tones so far."""
    NOT_TONE = "not_tone"
    """Not a ring-back tone that is known: `Signal` says what instead."""
    SILENT = "silent"
    """Packets, but nothing in them."""
    NO_EARLY_MEDIA = "no_early_media"


class Signal(StrEnum):
    NOTHING = "nothing"
    RING = "ring"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "number_unobtainable"
    SIT = "sit"
    FAX = "fax"
    MODEM = "modem"
    VOICE = "voice"
    """Somebody speaks; before the answer a recorded announcement."""
    MUSIC = "music"
    """Ring-back music, as a rule."""
    UNKNOWN_TONE = "unknown_tone"
    SOUND = "sound"
    """Neither a tone nor, so far, clearly voice or music."""


class Caution(StrEnum):
    """What has to be heard before a hang-up is allowed."""

    FREQUENCY = "frequency"
    """The first `foreign`: quickest; a foreign network's busy tone may be taken for its ring."""
    BURST = "burst"
    """A whole burst besides; a whole period where only the cadence differs."""
    PERIOD = "period"
    """Always two periods: no change of ring tone within a call is taken for another country's cadence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    lines_hz: tuple[float, ...] = ()
    bursts_s: tuple[float, ...] = ()
    """The last ones, whole or cut."""
    silences_s: tuple[float, ...] = ()
    level_dbm0: float | None = None
    tones: tuple[str, ...] = ()
    """The listed tones that fit, as written."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    at_s: float
    """Seconds of audio heard."""
    hypothesis: Hypothesis
    signal: Signal
    countries: frozenset[str] = frozenset()
    confidence: float = 0.0
    may_hang_up: bool = False
    """A foreign ring-back tone is positively identified."""
    evidence: Evidence = field(default_factory=Evidence)


_NOTHING_HEARD = Sounds()


@dataclass(frozen=True, slots=True)
class Opinion:
    hypothesis: Hypothesis
    signal: Signal
    sounds: Sounds = _NOTHING_HEARD
    confidence: float = 0.0
    may_hang_up: bool = False


_BUSY_SIGNALS = (
    (Kind.BUSY, Signal.BUSY),
    (Kind.CONGESTION, Signal.CONGESTION),
    (Kind.UNOBTAINABLE, Signal.UNOBTAINABLE),
)
_UNKNOWN = Opinion(Hypothesis.NOT_TONE, Signal.UNKNOWN_TONE, confidence=0.5)
_HOME_PLAYS = 0.9
_A_NOTE_S = 0.3


class RingJudge:
    """Follows the bursts of one stream. Each method returns an opinion when there is something to say."""

    __slots__ = (
        "_beside_home", "_bursts", "_caution", "_ended", "_firm", "_home_frequency", "_in_burst", "_other", "_pauses",
        "_possible", "_repertoire", "_settled", "_shortened", "_was_busy",
    )  # fmt: skip

    def __init__(self, repertoire: Repertoire, caution: Caution = Caution.BURST) -> None:
        self._repertoire = repertoire
        self._caution = caution
        self.forget()

    def forget(self) -> None:
        """Begins anew: what comes next may be anything."""
        self._start_over()
        self._in_burst = False
        self._settled = False
        self._home_frequency = False
        self._beside_home = False  # home's line was heard with others
        self._was_busy = False
        self._other = False  # something sounded that was none of the listed tones

    def _start_over(self) -> None:
        self._possible: Steps = self._repertoire.on
        self._ended = 0  # bursts that fit
        self._bursts = 0  # those of them that were heard whole
        self._pauses = 0
        self._firm = False  # a burst was long enough to be sure of its lines
        self._shortened = False  # home is out only because a burst ended early

    def began(self, silence_s: float | None) -> None:
        after: Steps = 0
        if silence_s is not None and self._ended:
            fitting = self._repertoire.over(self._possible & ~self._repertoire.on, silence_s, whole=True)
            after = self._repertoire.following(fitting)
        if after:
            self._possible = after
            self._pauses += 1
        else:
            self._start_over()
        self._in_burst = True
        self._settled = False

    def settled(self, strong: list[float], weak: list[float]) -> Opinion | None:
        """The lines of the present burst are known."""
        playing = self._repertoire.playing(strong, weak)
        self._compare_with_home(playing, strong)
        if not self._possible & playing:
            if self._pauses:
                return None  # a codec may bend the first windows: the whole burst will tell
            self._start_over()
        self._possible = self._possible & playing
        self._settled = self._firm = True
        self._shortened = self._shortened and not self._pauses
        return self._opinion()

    def goes_on(self, age_s: float) -> Opinion | None:
        """The burst has lasted so long and is not over."""
        if not self._settled:
            return None
        left = self._repertoire.lasting(self._possible, age_s)
        if left == self._possible:
            return None
        self._possible = left
        return self._opinion()

    def quiet(self, silence_s: float) -> Opinion | None:
        """The silence has lasted so long: no foreign busy tone is that slow. Of home it says nothing."""
        foreign_busy = self._possible & ~self._repertoire.home & ~self._repertoire.ring
        gone = foreign_busy & ~self._repertoire.lasting(foreign_busy, silence_s)
        if not gone:
            return None
        self._possible = self._possible & ~gone
        return self._opinion()

    def ended(
        self, length_s: float, whole: bool, strong: list[float], weak: list[float], clean: bool
    ) -> Opinion | None:
        """`whole`: its beginning was heard. `clean`: an even tone and nothing besides."""
        playing = self._repertoire.playing(strong, weak)
        self._compare_with_home(playing, strong)
        possible = self._possible & playing
        fitting = self._repertoire.over(possible, length_s, whole)
        short = self._repertoire.too_short(possible, length_s) if whole else 0
        self._shortened = bool(short & self._repertoire.home)
        self._possible = self._repertoire.following(fitting)
        self._in_burst = False
        self._settled = True
        if not clean or not fitting:
            self._other |= length_s >= _A_NOTE_S
            opinion = None if not clean else self._opinion()
            self._start_over()
            return opinion
        self._ended += 1
        self._bursts += whole
        return self._opinion()

    def _compare_with_home(self, playing: Steps, strong: list[float]) -> None:
        """For good: one burst that a codec has bent must not rename the tone."""
        home = self._repertoire.home
        self._home_frequency |= bool(playing & home)
        if len(strong) > 1:
            alone = (self._repertoire.playing([hz], []) for hz in strong)
            self._beside_home |= any(steps & home for steps in alone)

    # --- what follows from it -----------------------------------------------------------------------

    def _opinion(self) -> Opinion | None:
        table, possible = self._repertoire, self._possible
        home, ring = possible & table.home, possible & table.ring
        foreign = ring & ~table.home
        busy = possible & ~table.ring
        if not possible:
            return _UNKNOWN
        if home:
            return self._home(home, foreign, busy)
        if foreign:
            return self._foreign(foreign, bool(busy))
        return self._busy_like(busy)

    def _home(self, home: Steps, foreign: Steps, busy: Steps) -> Opinion | None:
        ring = home & self._repertoire.ring
        a_period = bool(self._ended and self._pauses)
        if ring and (a_period or not (foreign or busy)):
            sounds = self._repertoire.sounds(ring)
            return Opinion(Hypothesis.HOME, Signal.RING, sounds, _HOME_PLAYS if a_period else 0.8)
        if not ring | foreign:
            return self._busy_like(busy)
        return Opinion(Hypothesis.AMBIGUOUS, Signal.RING, self._repertoire.sounds(ring | foreign), 0.5)

    def _foreign(self, foreign: Steps, busy: bool) -> Opinion:
        """No home tone fits what was heard."""
        sure = self._is_sure(foreign) and not busy
        if self._caution is Caution.FREQUENCY and not self._home_frequency:
            sure = True
        confidence = 0.95 if sure else 0.6 if busy or self._shortened else 0.8
        return Opinion(Hypothesis.FOREIGN, Signal.RING, self._repertoire.sounds(foreign), confidence, sure)

    def _is_sure(self, foreign: Steps) -> bool:
        periods = self._pauses // self._repertoire.fewest_pauses(foreign) if self._settled else 0
        if not self._firm:
            return False
        if self._caution is Caution.PERIOD or self._was_busy:
            # lost packets bend single bursts of a busy tone; nobody rings after it
            return periods > 1
        if self._other:
            # a melody may hold a note as long as a burst; it does not come again after the listed silence
            return periods > 0
        if self._beside_home and not self._home_frequency:
            # a lost packet gives a short piece of a bare tone a second line
            return self._bursts > 0
        if not self._home_frequency:
            # of a burst whose beginning was missed: it was longer than any busy tone
            return self._ended > 0
        # a burst too long for home proves nothing: a decoder that repeats lost frames joins the bursts of a busy tone
        return periods > 0

    def deadline_s(self) -> float:
        """The age of this burst, or of this silence, from which on something else can be said."""
        table, possible = self._repertoire, self._possible
        foreign_busy = possible & ~table.home & ~table.ring
        if not self._in_burst:
            return table.class_over(foreign_busy)
        if not self._settled:
            return inf
        return table.class_over(possible & table.home, possible & table.ring & ~table.home, foreign_busy)

    def _busy_like(self, busy: Steps) -> Opinion | None:
        if self._in_burst and self._repertoire.all_endless(busy):
            lasts = any(sound.kind is Kind.UNOBTAINABLE for sound in self._repertoire.sounds(busy).tones)
            return Opinion(Hypothesis.NOT_TONE, Signal.UNOBTAINABLE, confidence=0.6) if lasts else _UNKNOWN
        if self._bursts < 2 or not self._pauses:
            return None
        for steps, confidence in ((busy & self._repertoire.home, 0.9), (busy, 0.8)):
            sounds = self._repertoire.sounds(steps)
            for kind, signal in _BUSY_SIGNALS:
                if any(sound.kind is kind for sound in sounds.tones):
                    self._was_busy = True
                    return Opinion(Hypothesis.NOT_TONE, signal, sounds, confidence)
        return _UNKNOWN
