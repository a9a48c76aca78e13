"""Which law each record is kept by, and what becomes of it on a day."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from dialer.compliance.place import place_of
from dialer.compliance.profile import Profile, RecordKind, Voice
from dialer.compliance.retention import CALL_RECORDS, Fate, fate, latest_day, minimum
from dialer.compliance.rulebook import Rulebook
from dialer.compliance.selection import matching
from dialer.domain.campaign import Campaign
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.privacy import (
    CallOnFile,
    ConsentOnFile,
    FlowCallOnFile,
    FlowRequestOnFile,
    RequestOnFile,
)

_AUDIO = frozenset({RecordKind.AUDIO})
_CONSENT = frozenset({RecordKind.CONSENT})
_REQUEST = frozenset({RecordKind.DNC_ENTRY})
_EVERY_PURPOSE = frozenset(CallPurpose)


class Custodian:
    """`due` is when the default purge is due for the record at hand; None for never, or for an erasure."""

    def __init__(self, book: Rulebook, campaigns: Mapping[CampaignId, Campaign]) -> None:
        self._book, self._campaigns = book, campaigns

    def audio(self, call: CallOnFile, on: date, *, erase: bool = False, due: date | None = None) -> Fate:
        return self._of_call(call, _AUDIO, on, erase=erase, due=due)

    def call(self, call: CallOnFile, on: date, *, erase: bool = False, due: date | None = None) -> Fate:
        """Of its row and its timeline."""
        return self._of_call(call, CALL_RECORDS, on, erase=erase, due=due)

    def _of_call(
        self, call: CallOnFile, kinds: Collection[RecordKind], on: date, *, erase: bool, due: date | None
    ) -> Fate:
        begun = latest_day(call.at)
        least = minimum(self._profiles(call), kinds, [begun], latest_day(call.last_call_at))
        return fate(on, held=call.held, least=least, erase=erase, due=due)

    def consent(
        self, consent: ConsentOnFile, on: date, *, erase: bool = False, due: date | None = None
    ) -> Fate:
        """Counted from the grant and from each use."""
        moments = [at for at in (consent.given_at, consent.last_used_at) if at is not None]
        return self._of_person(consent.e164, _CONSENT, moments, on, consent.held, erase=erase, due=due)

    def request(
        self, request: RequestOnFile, on: date, *, erase: bool = False, due: date | None = None
    ) -> Fate:
        return self._of_person(request.e164, _REQUEST, [request.at], on, request.held, erase=erase, due=due)

    def flow_call(
        self, call: FlowCallOnFile, on: date, *, erase: bool = False, due: date | None = None
    ) -> Fate:
        """Of a call in the IVR and its answers, also as consent where one was given."""
        kinds = CALL_RECORDS | _CONSENT if call.consent else CALL_RECORDS
        return self._of_person(call.e164, kinds, [call.at], on, call.held, erase=erase, due=due)

    def clip(self, call: FlowCallOnFile, on: date, *, erase: bool = False, due: date | None = None) -> Fate:
        """Of what was said on it: with an explicit consent it may be the proof of that."""
        kinds = _AUDIO | _CONSENT if call.consent else _AUDIO
        return self._of_person(call.e164, kinds, [call.at], on, call.held, erase=erase, due=due)

    def flow_request(self, request: FlowRequestOnFile, on: date, *, due: date | None = None) -> Fate:
        kinds = _REQUEST if request.kind == "opt_out" else CALL_RECORDS
        return self._of_person(request.e164, kinds, [request.at], on, request.held, erase=False, due=due)

    def _of_person(
        self,
        e164: str,
        kinds: Collection[RecordKind],
        moments: Collection[datetime],
        on: date,
        held: str,
        *,
        erase: bool,
        due: date | None,
    ) -> Fate:
        """Records that belong to no single call: whatever may be called about, live or recorded."""
        place = place_of(PhoneNumber(e164))
        days = [latest_day(at) for at in moments]
        profiles = {
            profile.id: profile
            for voice in Voice
            for profile in matching(self._book, place, _EVERY_PURPOSE, voice, frozenset(), min(days))
        }
        return fate(on, held=held, least=minimum(profiles.values(), kinds, days), erase=erase, due=due)

    def _profiles(self, call: CallOnFile) -> Collection[Profile]:
        """Those that the dial was decided by. Where that was not kept, or one of them is gone, the campaign's of today too."""
        known = [self._book.profiles[each] for each in call.profiles or () if each in self._book.profiles]
        if call.profiles is not None and len(known) == len(call.profiles):
            return known
        campaign = self._campaigns.get(call.campaign)
        rules = CampaignRules() if campaign is None else campaign.plan.rules
        agentless = campaign is not None and campaign.plan.pacing.mode is PacingMode.AGENTLESS
        voice = Voice.PRERECORDED if agentless else Voice.LIVE
        place = place_of(PhoneNumber(call.e164))
        return [
            *known,
            *matching(self._book, place, rules.purposes, voice, rules.home, latest_day(call.at)),
        ]
