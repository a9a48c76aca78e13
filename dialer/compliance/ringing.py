"""How long an unanswered call must ring, and when it may be hung up for sounding foreign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dialer.compliance.combine import FLOOR_RING_MS, combine, ring_rules
from dialer.compliance.profile import ForeignRingback, Profile, RingRule


@dataclass(frozen=True, slots=True)
class Ringing:
    """An unanswered leg, in milliseconds on one clock. Absent times did not come about, or are not known.

    `ringing_ms`: every 180 and 183; the first begins the ringing, 183 with early media included. Without one it is taken to
    begin `delay_ms`, the trunk's post-dial delay, after the INVITE. `by_dialler`: we ended it, not the network.
    """

    ended_ms: int
    by_dialler: bool
    ringing_ms: Sequence[int] = ()
    invite_ms: int | None = None
    delay_ms: int | None = None
    rings: int | None = None

    @property
    def began_ms(self) -> int | None:
        if self.ringing_ms:
            return min(self.ringing_ms)
        if self.invite_ms is None:
            return None
        return self.invite_ms + (self.delay_ms or 0)

    @property
    def rang_ms(self) -> int:
        """0 for a leg that had not begun to ring."""
        return 0 if self.began_ms is None else max(self.ended_ms - self.began_ms, 0)

    @property
    def had_begun(self) -> bool:
        return self.began_ms is not None and self.ended_ms > self.began_ms


def cut_short(profiles: Sequence[Profile], leg: Ringing) -> tuple[str, ...]:
    """The profiles whose ring minimum was violated (16 CFR 310.4(b)(4)(ii), 47 CFR 64.1200(a)(6), Ofcom 2010).

    Only a disconnect from our side violates it, whatever its reason, and only after ringing has begun.
    """
    if not leg.by_dialler or not leg.had_begun:
        return ()
    return tuple(profile.id for profile, rule in ring_rules(profiles) if not _satisfied(rule, leg))


def _satisfied(rule: RingRule, leg: Ringing) -> bool:
    enough_rings = rule.or_rings is not None and leg.rings is not None and leg.rings >= rule.or_rings
    return leg.rang_ms >= rule.least_ms or enough_rings


class ForeignAction(StrEnum):
    CANCEL = "cancel"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ForeignDecision:
    """What is done about a ring-back tone of a foreign network, and by whose word.

    `came_from`: the profiles whose policy it is, or "override". `cancel_at_ms` is None without a cancel. `flagged`: the
    attempt carries the mark only. `min_ring_violated`: the cancel comes before a ring minimum, as only an override can bring
    about. `ring_least_ms` is the minimum it was measured against.
    """

    policy: ForeignRingback
    came_from: tuple[str, ...]
    action: ForeignAction
    cancel_at_ms: int | None = None
    flagged: bool = False
    min_ring_violated: bool = False
    ring_least_ms: int = FLOOR_RING_MS


def foreign_policy(profiles: Sequence[Profile]) -> tuple[ForeignRingback, tuple[str, ...]]:
    """The policy of the set, that which rings longest, and the profiles it comes from."""
    combined = combine(profiles)
    return combined.on_foreign_ringback, combined.came_from.get("on_foreign_ringback", ())


def on_foreign_ringback(
    profiles: Sequence[Profile],
    ring_at_ms: int,
    identified_at_ms: int,
    answered_at_ms: int | None = None,
    override: ForeignRingback | None = None,
) -> ForeignDecision:
    """What to do once a foreign ring-back tone is identified; times in milliseconds on one clock.

    Waiting for the minimum ends at `ring_at_ms` + the minimum of the set, 15 s where it has none; a tone that is identified
    later is cancelled at once. A call that is answered before that is an answered call and carries only the mark.
    """
    policy, came_from = foreign_policy(profiles)
    if override is not None:
        policy, came_from = override, ("override",)
    minimum = combine(profiles).ring_least_ms or FLOOR_RING_MS
    held = foreign_hold(profiles, override)
    if held is None:
        return ForeignDecision(policy, came_from, ForeignAction.NONE, flagged=True, ring_least_ms=minimum)
    cancel_at = max(identified_at_ms, ring_at_ms + int(held.total_seconds() * 1000))
    if answered_at_ms is not None and answered_at_ms <= cancel_at:
        return ForeignDecision(policy, came_from, ForeignAction.NONE, flagged=True, ring_least_ms=minimum)
    leg = Ringing(ended_ms=cancel_at, by_dialler=True, ringing_ms=(ring_at_ms,))
    violated = any(rule.least_ms > leg.rang_ms for rule in _binding(profiles))
    return ForeignDecision(
        policy,
        came_from,
        ForeignAction.CANCEL,
        cancel_at,
        min_ring_violated=violated,
        ring_least_ms=minimum,
    )


def foreign_hold(profiles: Sequence[Profile], override: ForeignRingback | None = None) -> timedelta | None:
    """How long a call must have rung before it may be hung up for sounding foreign; None: it may not be, for that alone.

    Hanging up at once is held back by every ring minimum that is not our own floor, unless an `override` on record says it.
    """
    policy = override or combine(profiles).on_foreign_ringback
    if policy is ForeignRingback.FLAG_ONLY:
        return None
    if policy is ForeignRingback.HANG_UP_AFTER_MIN_RING:
        return timedelta(milliseconds=combine(profiles).ring_least_ms or FLOOR_RING_MS)
    if override is not None:
        return timedelta(0)
    return timedelta(milliseconds=max((rule.least_ms for rule in _binding(profiles)), default=0))


def _binding(profiles: Sequence[Profile]) -> list[RingRule]:
    """Ring minima other than the product's own floor."""
    return [rule for profile, rule in ring_rules(profiles) if not profile.floor]
