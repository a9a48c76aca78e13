"""Whether both ends of a call must know that it is recorded, and so whether it has to be said before recording begins.

The stricter of both ends decides; a place that is not known is treated as the strictest. Staying on the line after the
announcement is consent in most of these states, so what is announced has to be heard by the called person, and is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialer.compliance.call import CalledPlace
from dialer.compliance.profile import Source
from dialer.domain.campaign import RecordingAnnouncement


class Regime(StrEnum):
    ALL_PARTY = "all_party"
    ONE_PARTY = "one_party"
    UNKNOWN = "unknown"


# Telephone calls only. Oregon is not among them: its all-party rule is for conversations face to face (ORS 165.540).
ALL_PARTY_STATES: Mapping[str, Source] = {
    "CA": Source("Cal. Penal Code 632, 632.7", "V"),
    "CT": Source("Conn. Gen. Stat. 52-570d", "V"),
    "DE": Source("11 Del. C. 1335(a)(4); 2402(c)(4) says otherwise", "K"),
    "FL": Source("Fla. Stat. 934.03", "V"),
    "IL": Source("720 ILCS 5/14-2", "V"),
    "MD": Source("Md. Code, Cts. & Jud. Proc. 10-402", "V"),
    "MA": Source("Mass. Gen. Laws ch. 272, 99", "V"),
    "MI": Source("Mich. Comp. Laws 750.539c; Sullivan v. Gray lets a participant record", "K"),
    "MT": Source("Mont. Code 45-8-213", "V"),
    "NV": Source("Nev. Rev. Stat. 200.620; Lane v. Allstate (wire)", "K"),
    "NH": Source("N.H. Rev. Stat. 570-A:2", "V"),
    "PA": Source("18 Pa. C.S. 5704", "V"),
    "WA": Source("Wash. Rev. Code 9.73.030", "V"),
}

_STATES = frozenset((
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA",
    "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM",
    "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA",
    "WV", "WI", "WY",
))  # fmt: skip
_ELSEWHERE = Source("GDPR Art. 13: told when the data are collected", "V")
_NOT_KNOWN = Source("a place that is not known is treated as the strictest", "P")


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """`announce`: the called person has to be told before recording begins. `because` and `source` are for the timeline."""

    regime: Regime
    announce: bool
    because: str
    source: Source


def recording_rule(
    own: CalledPlace, called: CalledPlace, choice: RecordingAnnouncement = RecordingAnnouncement.AUTO
) -> RecordingRule:
    """`own` is where our people sit. Of several candidate states one that is strict suffices."""
    rule = _stricter(_of_place(own, "our end"), _of_place(called, "the called end"))
    if choice is RecordingAnnouncement.NEVER and rule.announce:
        return RecordingRule(
            rule.regime, False, f"{rule.because}; the campaign overrides the announcement", rule.source
        )
    if choice is RecordingAnnouncement.ALWAYS and not rule.announce:
        return RecordingRule(rule.regime, True, "the campaign announces every recording", rule.source)
    return rule


def may_record(rule: RecordingRule, announced: bool) -> bool:
    """Without the announcement that is due recording does not start."""
    return announced or not rule.announce


_STRICTNESS = {Regime.ONE_PARTY: 0, Regime.UNKNOWN: 1, Regime.ALL_PARTY: 2}


def _stricter(*rules: RecordingRule) -> RecordingRule:
    return max(rules, key=lambda rule: _STRICTNESS[rule.regime])


def _of_place(place: CalledPlace, end: str) -> RecordingRule:
    if place.country not in (None, "US"):
        return RecordingRule(Regime.UNKNOWN, True, f"{end} is in {place.country}", _ELSEWHERE)
    return _of_states(place.states if place.country == "US" else (), end)


def _of_states(states: Sequence[str], end: str) -> RecordingRule:
    for state in states:
        if state in ALL_PARTY_STATES:
            return RecordingRule(Regime.ALL_PARTY, True, f"{end} may be in {state}", ALL_PARTY_STATES[state])
    if states and _STATES.issuperset(states):
        known = ", ".join(states)
        return RecordingRule(
            Regime.ONE_PARTY, False, f"{end} is in {known}", Source("18 U.S.C. 2511(2)(d)", "V")
        )
    return RecordingRule(Regime.UNKNOWN, True, f"the state of {end} is not known", _NOT_KNOWN)
