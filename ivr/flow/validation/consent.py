"""An explicit consent counts only after everything that must be disclosed has been heard, on every way to it."""

from collections.abc import Iterator

from ivr.flow.graph import beginnings, reachable
from ivr.flow.model import Flow
from ivr.flow.nodes import Question, Say
from ivr.flow.problems import Problem
from ivr.flow.validation.names import at


def problems(flow: Flow) -> Iterator[Problem]:
    disclosing = {
        name: node
        for name, node in flow.nodes.items()
        if isinstance(node, Say) and node.disclosure is not None
    }
    for name, said in disclosing.items():
        if said.barge_in:
            yield at(flow, name, "disclosure_cut_short", name=said.disclosure)
        if said.when is not None:
            yield at(flow, name, "disclosure_conditional", name=said.disclosure)
    for name, node in flow.nodes.items():
        if isinstance(node, Question) and node.consent:
            yield from _consent(flow, name, node, disclosing)


def _consent(flow: Flow, name: str, node: Question, disclosing: dict[str, Say]) -> Iterator[Problem]:
    if node.kind != "single":
        yield at(flow, name, "consent_kind")
    for needed in flow.head.disclosures:
        saying = frozenset(one for one, say in disclosing.items() if say.disclosure == needed)
        if not saying:
            yield at(flow, name, "no_disclosure", name=needed)
        elif name in reachable(flow, beginnings(flow), without=saying):
            yield at(flow, name, "consent_before_disclosure", name=needed)
