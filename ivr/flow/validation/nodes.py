"""What fields of one node must have to do with each other."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from ivr.flow.addresses import AddressRefused, host_of, sip_address
from ivr.flow.model import Flow
from ivr.flow.nodes import Gather, Http, Menu, Question, Transfer
from ivr.flow.nodes.leaving import DESTINATIONS
from ivr.flow.problems import Problem
from ivr.flow.prompts import Slot, Template
from ivr.flow.validation.names import at, in_head


def problems(flow: Flow) -> Iterator[Problem]:
    yield from _holidays(flow)
    for name, node in flow.nodes.items():
        match node:
            case Gather():
                yield from _gather(flow, name, node)
            case Menu():
                if node.repeat_key in node.choices:
                    yield at(flow, name, "key_taken", key=node.repeat_key, by="repeat_key")
            case Question():
                yield from _question(flow, name, node)
            case Transfer():
                yield from _transfer(flow, name, node)
            case Http():
                yield from _http(flow, name, node)
            case _:
                pass


def _holidays(flow: Flow) -> Iterator[Problem]:
    days = sorted((one.first, one.last or one.first, one.name) for one in flow.head.holidays)
    for first, last, name in days:
        if last < first:
            yield in_head(flow, "holidays", "holiday_backwards", name=name)
    for (_, last, one), (first, _, other) in pairwise(days):
        if first <= last:
            yield in_head(flow, "holidays", "holidays_overlap", one=one, other=other)


def _gather(flow: Flow, name: str, node: Gather) -> Iterator[Problem]:
    if node.min > node.max:
        yield at(flow, name, "min_over_max", min=node.min, max=node.max)
    for key in (node.repeat_key, node.terminator):
        if key.isdigit():
            yield at(flow, name, "digit_as_key", key=key)
    if node.repeat_key and node.repeat_key == node.terminator:
        yield at(flow, name, "key_taken", key=node.repeat_key, by="terminator")


def _question(flow: Flow, name: str, node: Question) -> Iterator[Problem]:
    if node.kind in ("single", "multiple"):
        if not node.options:
            yield at(flow, name, "no_options")
        for what in ("key", "code"):
            for value, count in Counter(getattr(option, what) for option in node.options).items():
                if count > 1:
                    yield at(flow, name, f"{what}_doubled", value=value)
    elif node.options:
        yield at(flow, name, "options_unused", kind=node.kind)
    if node.kind in ("number", "rating") and node.min > node.max:
        yield at(flow, name, "min_over_max", min=node.min, max=node.max)
    if node.zero_is_ten and (node.min, node.max) != (1, 10):
        yield at(flow, name, "zero_is_ten")
    if node.kind == "multiple" and any(option.next for option in node.options):
        yield at(flow, name, "multiple_next")
    yield from _refusal(flow, name, node)


def _refusal(flow: Flow, name: str, node: Question) -> Iterator[Problem]:
    refusal = flow.head.refusal
    if refusal is None:
        if flow.head.survey:
            yield at(flow, name, "no_refusal")
        return
    if not node.refusal:
        if flow.head.survey:
            yield at(flow, name, "no_refusal")
        return
    ranged = node.kind in ("number", "rating") and refusal.key.isdigit()
    if ranged and (node.min <= int(refusal.key) <= node.max or node.zero_is_ten):
        yield at(flow, name, "key_taken", key=refusal.key, by="refusal")
    if node.option(refusal.key) is not None or refusal.key in (node.repeat_key, node.enough_key):
        yield at(flow, name, "key_taken", key=refusal.key, by="refusal")


def _transfer(flow: Flow, name: str, node: Transfer) -> Iterator[Problem]:
    given = [kind for kind in DESTINATIONS if getattr(node, kind) is not None]
    if len(given) != 1:
        yield at(flow, name, "one_destination", given=", ".join(given) or "-")
    if node.sip is not None:
        yield from _sip(flow, name, node.sip)


def _sip(flow: Flow, name: str, address: Template) -> Iterator[Problem]:
    """Who is called there may be filled in, and is looked at again when it is dialled; the host is written out."""
    parts = ["0" if isinstance(part, Slot) else part for part in address.parts]
    try:
        sip_address("".join(parts))
        written_out = address.fixed or (not isinstance(address.parts[-1], Slot) and "@" in parts[-1])
    except AddressRefused:
        written_out = False
    if not written_out:
        yield at(flow, name, "sip_address", address=address.source[:80])


def _http(flow: Flow, name: str, node: Http) -> Iterator[Problem]:
    fixed = node.url.parts[0] if node.url.parts and not isinstance(node.url.parts[0], Slot) else ""
    try:
        host = host_of(fixed, whole=node.url.fixed)
    except AddressRefused as refused:
        yield at(flow, name, f"address_{refused}", url=node.url.source[:80])
        return
    if host not in flow.head.http_hosts:
        allowed = ", ".join(flow.head.http_hosts) or "-"
        yield at(flow, name, "host_not_allowed", host=host, allowed=allowed)
    if node.body and node.method == "GET":
        yield at(flow, name, "body_of_get")
