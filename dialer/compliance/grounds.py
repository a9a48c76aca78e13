"""What a dial was decided by, in a form that is kept with the attempt: enough to decide it again."""

from dataclasses import dataclass

from dialer.compliance.call import CallFacts, NextCall
from dialer.compliance.call_rules import CallRules


@dataclass(frozen=True, slots=True)
class Grounds:
    """`profiles` by id, `rulebook` the fingerprint of the book they were in, `registries` as (name, version).

    `subject` and `seller` are what attempt caps count by. Equal grounds are kept once, however many calls they carried.
    """

    profiles: tuple[str, ...]
    rulebook: str
    registries: tuple[tuple[str, str], ...]
    purposes: tuple[str, ...]
    voice: str
    subject: str = ""
    seller: str = ""
    detector: bool = False


def grounds_of(rules: CallRules, facts: CallFacts, call: NextCall) -> Grounds:
    return Grounds(
        rules.ids,
        rules.rulebook,
        tuple((each.registry, each.version) for each in facts.lists.registries),
        tuple(sorted(call.purposes)),
        call.voice.value,
        call.subject,
        call.seller,
        call.detector,
    )
