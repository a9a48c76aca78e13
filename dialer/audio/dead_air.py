"""During the call: is nobody speaking, is one direction silent, or does no sound arrive at all? And the prompts about it.

Fed with what each direction carried in a tick of any length; time is what it is told.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from dialer.domain.air import Direction, Trouble
from dialer.errors import BadInput


@dataclass(frozen=True, slots=True)
class Carried:
    """What one direction carried in a tick. `loudest_dbm0`: of its 20 ms frames; None: not known, or there were none.

    Where the level of packets is not known they are taken for sound: of one side that speaks to another that is still
    nothing is said then, because nobody can tell a listener from a muted line.
    """

    packets: int
    voiced: bool
    loudest_dbm0: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """`direction`: that which is silent, for one-way audio. `since_s`: when it began. `over`: it is heard again."""

    trouble: Trouble
    at_s: float
    since_s: float
    direction: Direction | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, and dBm0. A muted phone sends digital silence, too: one-way audio needs the other side to speak as long."""

    no_rtp_s: float = 2.0
    one_way_s: float = 6.0
    one_way_speech_s: float = 2.0
    dead_air_s: float = 10.0
    digital_silence_dbm0: float = -68.0

    def __post_init__(self) -> None:
        if min(self.no_rtp_s, self.one_way_s, self.one_way_speech_s, self.dead_air_s) <= 0:
            raise BadInput("dead air: every limit is more than 0 s", "limits")


@dataclass(slots=True)
class _Side:
    packet_at_s: float
    sound_at_s: float
    """Anything but digital silence."""
    voice_at_s: float
    spoke_s: float = 0.0
    """While the other side was still."""


@dataclass(slots=True)
class CallAir:
    """One call, told from `began_s`, the moment at which both sides were connected. A trouble is told once, and its end."""

    began_s: float
    limits: Limits = field(default_factory=Limits)
    _sides: dict[Direction, _Side] = field(init=False)
    _present: Finding | None = field(init=False, default=None)
    _at_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._sides = {each: _Side(self.began_s, self.began_s, self.began_s) for each in Direction}
        self._at_s = self.began_s

    def hear(self, at_s: float, caller: Carried, agent: Carried) -> list[Finding]:
        """The tick from the last call until `at_s`. Raises `BadInput` when time goes back."""
        if at_s < self._at_s:
            raise BadInput(f"at {at_s:g} s: before the last tick at {self._at_s:g} s", "at_s")
        tick_s, self._at_s = at_s - self._at_s, at_s
        for direction, carried in ((Direction.CALLER, caller), (Direction.AGENT, agent)):
            self._took(self._sides[direction], carried, at_s)
        self._count_speech(caller, agent, tick_s)
        found = self._found(at_s)
        before, self._present = self._present, found
        if before is not None and found is not None and _same(before, found):
            self._present = before
            return []
        ended = [] if before is None else [
            Finding(before.trouble, at_s, before.since_s, before.direction, over=True)
        ]  # fmt: skip
        return ended + ([found] if found is not None else [])

    @property
    def present(self) -> Finding | None:
        return self._present

    def listened(self, at_s: float) -> None:
        """Both were spoken to until now, by somebody else: that neither of them spoke meanwhile is no dead air."""
        for side in self._sides.values():
            side.voice_at_s = max(side.voice_at_s, at_s)

    def _took(self, side: _Side, carried: Carried, at_s: float) -> None:
        if carried.packets > 0:
            side.packet_at_s = at_s
            loudest = carried.loudest_dbm0
            if carried.voiced or loudest is None or loudest > self.limits.digital_silence_dbm0:
                side.sound_at_s = at_s
            if carried.voiced:
                side.voice_at_s = at_s

    def _count_speech(self, caller: Carried, agent: Carried, tick_s: float) -> None:
        """How much one side spoke since the other was last heard."""
        for direction, mine, other in (
            (Direction.CALLER, caller, Direction.AGENT),
            (Direction.AGENT, agent, Direction.CALLER),
        ):
            side = self._sides[direction]
            if self._sides[other].sound_at_s == self._at_s:
                side.spoke_s = 0.0
            elif mine.voiced and mine.packets > 0:
                side.spoke_s += tick_s

    def _found(self, at_s: float) -> Finding | None:
        limits = self.limits
        caller, agent = self._sides[Direction.CALLER], self._sides[Direction.AGENT]
        packet_s = max(caller.packet_at_s, agent.packet_at_s)
        if at_s - packet_s >= limits.no_rtp_s:
            return Finding(Trouble.NO_RTP, at_s, packet_s)
        for direction, still, other in (
            (Direction.CALLER, caller, agent),
            (Direction.AGENT, agent, caller),
        ):
            spoken_to = other.spoke_s >= limits.one_way_speech_s
            if spoken_to and at_s - still.sound_at_s >= limits.one_way_s:
                return Finding(Trouble.ONE_WAY, at_s, still.sound_at_s, direction)
        voice_s = max(caller.voice_at_s, agent.voice_at_s)
        if at_s - voice_s < limits.dead_air_s:
            return None
        for direction, still in ((Direction.CALLER, caller), (Direction.AGENT, agent)):
            if at_s - still.packet_at_s >= limits.no_rtp_s:
                return Finding(Trouble.ONE_WAY, at_s, still.packet_at_s, direction)
        return Finding(Trouble.DEAD_AIR, at_s, voice_s)


def _same(one: Finding, other: Finding) -> bool:
    return one.trouble is other.trouble and one.direction is other.direction


# --- asking whether somebody is there -----------------------------------------------------------------------------------


class Ask(StrEnum):
    NOTHING = "nothing"
    PROMPT = "prompt"
    END = "end"
    """Say goodbye and hang up: a call of dead air, which is no refusal."""


@dataclass(slots=True)
class Asking:
    """Prompts in dead air: so many, each given `wait_s` for an answer from its end on, then a polite end.

    While a prompt is being said `next` is not to be asked.
    """

    prompts: int = 2
    wait_s: float = 5.0
    _asked: int = field(init=False, default=0)
    _since_s: float | None = field(init=False, default=None)

    def next(self, now_s: float, finding: Finding | None) -> Ask:
        """`finding`: `CallAir.present`. Without RTP nothing is asked: nobody would hear it."""
        if finding is None or finding.trouble is not Trouble.DEAD_AIR:
            if finding is None:
                self._asked, self._since_s = 0, None
            return Ask.NOTHING
        if self._since_s is not None and now_s - self._since_s < self.wait_s:
            return Ask.NOTHING
        self._since_s = now_s
        if self._asked >= self.prompts:
            return Ask.END
        self._asked += 1
        return Ask.PROMPT

    def prompt_ended(self, now_s: float) -> None:
        """The wait for an answer begins."""
        if self._since_s is not None:
            self._since_s = now_s

    def not_said(self) -> None:
        """The last prompt was heard by nobody: it does not count."""
        self._asked = max(self._asked - 1, 0)

    @property
    def asked(self) -> int:
        return self._asked


# --- a detector of sound, second by second ------------------------------------------------------------------------------


@dataclass(slots=True)
class Voice:
    """One direction's speech, of a detector that says when sound begins and when it has ceased for `pause_s`.

    A click is sound as well: what lasted less than `least_s` is no speech, so a sound that goes on counts only when a
    click would have been told to have ceased.
    """

    pause_s: float = 0.5
    least_s: float = 0.1
    _since_s: float | None = field(init=False, default=None)
    _spoke: bool = field(init=False, default=False)

    def began(self, at_s: float) -> None:
        self._since_s = at_s

    def ceased(self, lasted_s: float) -> None:
        """`lasted_s`: without the pause."""
        self._since_s = None
        self._spoke = self._spoke or lasted_s >= self.least_s

    def tick(self, at_s: float) -> bool:
        """Whether there was speech since the last tick."""
        goes_on = self._since_s is not None and at_s - self._since_s >= self.pause_s + self.least_s
        spoke, self._spoke = self._spoke, False
        return spoke or goes_on
