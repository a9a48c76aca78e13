"""How much room a trunk has: channels in use, and a bucket of calls per second."""

from dataclasses import dataclass

from dialer.domain.ids import TrunkName


@dataclass(frozen=True, slots=True)
class TrunkLimits:
    name: TrunkName
    channels: int
    calls_per_second: float
    caller_id: str


class TrunkMeter:
    """`now` is monotonic seconds. The bucket holds a quarter of a second's calls: bursts stay small."""

    def __init__(self, limits: TrunkLimits, now: float) -> None:
        self.limits = limits
        self.in_use = 0
        self._depth = max(1.0, limits.calls_per_second / 4)
        self._tokens, self._filled_at = self._depth, now
        self._dialled: list[float] = []

    def room(self, now: float) -> int:
        self._fill(now)
        return max(0, min(self.limits.channels - self.in_use, int(self._tokens)))

    def next_room_s(self, now: float) -> float:
        """Seconds until one more call fits by rate; 0 when it does."""
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self.limits.calls_per_second)

    def take(self, now: float) -> None:
        self._fill(now)
        self._tokens -= 1.0
        self.in_use += 1
        self._dialled.append(now)

    def give_back(self) -> None:
        self.in_use = max(0, self.in_use - 1)

    def dialled_last_second(self, now: float) -> int:
        self._dialled = [at for at in self._dialled if now - at < 1.0]
        return len(self._dialled)

    def _fill(self, now: float) -> None:
        self._tokens = min(self._depth, self._tokens + (now - self._filled_at) * self.limits.calls_per_second)
        self._filled_at = now
