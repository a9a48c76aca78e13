"""Who walks through flows in the demonstration, and what is to come of it: callers from outside, and people of two campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dialer.lab.asterisk_instance import AsteriskInstance
from dialer.lab.world.numbers import Behaviour, number
from dialer.words import Language
from ivr.flow.model import Flow
from ivr.flow.reader import from_document
from ivr.samples import names, sample

HOTLINE, OPT_OUT_LINE = "+12025550170", "+12025550171"
ROUTES: Final = {HOTLINE: "main-menu", OPT_OUT_LINE: "opt-out"}
QUEUE: Final = "service"
_MANDARIN, _ENGLISH = "1", "2"


@dataclass(frozen=True, slots=True)
class Walker:
    """`flow` is where the walk ends, with `result`. An agent sends a caller on to `entry` of it."""

    number: str
    flow: str
    result: str
    entry: str = ""
    opts_out: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Presses `keys` one after the other, then `again` until the call is over: whoever waits for an agent does not know
    for how long."""

    walker: Walker
    calls: str
    keys: Sequence[str]
    again: Sequence[str] = ("Wait(10)",)


def _presses(*keys: str, every_s: int = 3) -> list[str]:
    return [step for key in keys for step in (f"Wait({every_s})", f"SendDTMF({key},150,120)")]


CALLERS: Final = (
    # has an agent, who asks how it was: not well, so a supervisor is to call
    Caller(
        Walker("+12025550181", "satisfaction", "callback", entry="satisfaction"),
        HOTLINE,
        _presses(_ENGLISH, "0"),
        _presses("1", every_s=6),
    ),
    # has an agent, who leads back into the menu
    Caller(
        Walker("+12025550182", "main-menu", "callback", entry="self_service"),
        HOTLINE,
        _presses(_ENGLISH, "0"),
        _presses("4", "#", every_s=5),
    ),
    Caller(Walker("+12025550183", "main-menu", "callback"), HOTLINE, _presses(_MANDARIN, "4", "#")),
    Caller(Walker("+12025550184", "opt-out", "done", opts_out=True), OPT_OUT_LINE, _presses(_ENGLISH, "9")),
    Caller(Walker("+12025550185", "opt-out", "done", opts_out=True), OPT_OUT_LINE, _presses(_MANDARIN, "8")),
)

CALLED: Final = {
    "survey": (
        Walker(number(Behaviour.ANSWERS_QUESTIONS), "survey", "completed"),
        Walker(number(Behaviour.ANSWERS_QUESTIONS, 1), "survey", "completed"),
        Walker(number(Behaviour.WANTS_NO_CALLS), "survey", "opt_out", opts_out=True),
    ),
    "appointment": (
        Walker(number(Behaviour.CONFIRMS), "appointment", "confirmed"),
        Walker(number(Behaviour.WANTS_AGENT), "appointment", "done"),
    ),
    "sales-consent": (Walker(number(Behaviour.SAYS_YES), "sales-consent", "sold"),),
}

WALKERS: Final = (
    *(each.walker for each in CALLERS),
    *(each for people in CALLED.values() for each in people),
)


def demo_flows(language: Language) -> list[Flow]:
    """The samples, beginning in the operator's language; the service line is open, whenever the demonstration is."""
    return [from_document(_document(name, language)) for name in names()]


def _document(name: str, language: Language) -> dict[str, Any]:
    document = dict(sample(name).document)
    document["languages"] = sorted(document["languages"], key=lambda one: one != language)
    if name == ROUTES[HOTLINE]:
        document["hours"] = {"mon-sun": "00:00-24:00"}
        document["holidays"] = [{**each, "closed": False} for each in document["holidays"]]
    return document


def call_in(carrier: AsteriskInstance, caller: Caller) -> None:
    """From the carrier's side; returns at once."""
    name = f"walks-{caller.walker.number[1:]}"
    steps = [*caller.keys, "Set(TIMES=0)", *caller.again, "Set(TIMES=$[${TIMES}+1])"]
    steps += [f"GotoIf($[${{TIMES}}<20]?{len(caller.keys) + 2})", "Hangup()"]
    dials = [f"Set(CALLERID(num)={caller.walker.number})", f"Dial(PJSIP/{caller.calls}@pbx)"]
    for extension, applications in ((name, steps), (f"{name}-dials", dials)):
        for priority, application in enumerate(applications, start=1):
            carrier.cli(f"dialplan add extension {extension},{priority},{application} into callers replace")
    carrier.cli(f"channel originate Local/{name}-dials@callers extension {name}@callers")
