"""What is said of a stream in which an announcement was recognised."""

from dataclasses import dataclass

from dialer.domain.announcements import Announcement


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of one stream from `at_s` on, seconds heard."""

    at_s: float
    among: frozenset[Announcement]
    """One: decided. Several: one of these. None: what was said before is taken back."""
    clip: str
    """The name of the most similar clip."""
    similarity: float
    """0 to 1, of the last patch with the clip; at least `resemblance.SIMILAR`, or the match is taken back."""
    heard_s: float
    """How much of the clip has gone by, all of it alike."""
    clip_s: float
    """How long the clip is."""

    @property
    def announcement(self) -> Announcement | None:
        """The class, when there is only one."""
        return next(iter(self.among)) if len(self.among) == 1 else None


def says_more(among: frozenset[Announcement], said: Match | None) -> bool:
    """A decision, or a smaller set than before; or another altogether."""
    if said is None or not said.among:
        return True
    if len(said.among) == 1:
        return len(among) == 1 and among != said.among
    return among < said.among or not among & said.among
