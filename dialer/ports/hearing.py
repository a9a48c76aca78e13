"""What is kept of what the ears have heard: the ring-back tones that are home on a trunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dialer.domain.ids import TrunkName


@dataclass(frozen=True, slots=True)
class TrunkTones:
    """Heard on the trunk before people of `country` (ISO 3166) answered; `document` is that of `LearnedTones`."""

    trunk: TrunkName
    country: str
    document: Mapping[str, Any]


class TrunkToneStore(Protocol):
    """Raises `StorageDown`, as every store."""

    async def trunk_tones(self) -> Sequence[TrunkTones]: ...

    async def keep_trunk_tones(self, tones: Sequence[TrunkTones], now: datetime) -> None:
        """In the place of what was kept of the same trunk and country."""
        ...

    async def forget_trunk_tones(self, trunk: TrunkName, country: str) -> bool:
        """Whether there were any. A running engine forgets them when it is started anew."""
        ...
