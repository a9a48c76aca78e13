"""Whose ring-back tone is home on a line: that of the called number's country, and what its trunk was heard to play there.

Tones are learned from lines that were then answered; a tone counts as home once enough calls had it. What was learned is
kept every minute, and forgotten by nobody but the operator.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from dialer.audio.home import Home
from dialer.audio.learned import LearnedTones, MeasuredTone
from dialer.clock import Clock
from dialer.compliance.place import place_of
from dialer.domain.ids import TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import BadInput, StorageDown
from dialer.ports.hearing import TrunkTones, TrunkToneStore

log = logging.getLogger(__name__)

_KEEP_EVERY_S = 60.0

_Key = tuple[TrunkName, str]


@dataclass(slots=True)
class _Known:
    tones: LearnedTones
    home: Home | None = None  # made when first asked for
    made: bool = False


def country_of(number: PhoneNumber) -> str | None:
    return place_of(number).country


class HomeTones:
    def __init__(
        self,
        store: TrunkToneStore,
        clock: Clock,
        country: Callable[[PhoneNumber], str | None] = country_of,
    ) -> None:
        self._store, self._clock, self._country = store, clock, country
        self._known: dict[_Key, _Known] = {}
        self._taken_up = False
        self._changed: set[_Key] = set()

    def home(self, trunk: TrunkName, number: PhoneNumber) -> Home | None:
        """None: nothing is known of the country's tones, so nothing can be said to be foreign there."""
        country = self._country(number)
        if country is None:
            return None
        known = self._of(trunk, country)
        if not known.made:
            known.made = True
            try:
                known.home = Home.of(country, learned=known.tones.sounds())
            except BadInput as unknown:
                log.info(
                    "no home tone", extra={"action": "ears.no_home", "country": country, "why": str(unknown)}
                )
        return known.home

    def heard(self, trunk: TrunkName, number: PhoneNumber, tone: MeasuredTone) -> None:
        """Before somebody answered there."""
        country = self._country(number)
        if country is None:
            return
        known = self._of(trunk, country)
        before = len(known.tones.sounds())
        known.tones = known.tones.hear(tone)
        self._changed.add((trunk, country))
        if (
            len(known.tones.sounds()) != before
        ):  # that the mean of a known tone moves is no reason to compare anew
            known.home, known.made = None, False

    def _of(self, trunk: TrunkName, country: str) -> _Known:
        return self._known.setdefault((trunk, country), _Known(LearnedTones(trunk)))

    async def take_up(self) -> None:
        """What was learned before. Until it is read nothing is kept, or a beginner's tones would replace it."""
        if self._taken_up:
            return
        try:
            tones_kept = await self._store.trunk_tones()
        except StorageDown as down:
            log.info("tones not read", extra={"action": "ears.tones_wait", "why": str(down)})
            return
        self._taken_up = True
        for kept in tones_kept:
            try:
                tones = LearnedTones.from_document(kept.document)
            except BadInput as damaged:
                log.warning(
                    "tones not taken up",
                    extra={"action": "ears.tones_damaged", "trunk": kept.trunk, "why": str(damaged)},
                )
                continue
            self._known[kept.trunk, kept.country] = _Known(tones)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_EVERY_S)
            await self.keep()

    async def keep(self) -> None:
        """What cannot be kept now is kept the next time."""
        await self.take_up()
        if not self._changed or not self._taken_up:
            return
        changed, self._changed = self._changed, set()
        try:
            await self._store.keep_trunk_tones(
                [
                    TrunkTones(trunk, country, self._known[trunk, country].tones.as_document())
                    for trunk, country in sorted(changed)
                ],
                self._clock.now(),
            )
        except StorageDown as down:
            log.info("tones not kept", extra={"action": "ears.tones_wait", "why": str(down)})
            self._changed |= changed
