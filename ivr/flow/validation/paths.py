"""Nodes nobody can come to, circles without a caller in them, surveys that go round."""

from collections.abc import Iterator
from dataclasses import replace

from ivr.flow.builtin import PREFIX
from ivr.flow.graph import beginnings, circles, exits, reachable
from ivr.flow.model import Flow
from ivr.flow.nodes import Question, Subflow
from ivr.flow.problems import Problem, Weight
from ivr.flow.validation.names import at


def problems(flow: Flow) -> Iterator[Problem]:
    yield from _unreachable(flow)
    yield from _without_caller(flow)
    yield from _subflow_circles(flow)
    if flow.head.survey:
        yield from _survey_circles(flow)


def _unreachable(flow: Flow) -> Iterator[Problem]:
    reached = reachable(flow, beginnings(flow))
    for name, node in flow.nodes.items():
        if name in reached or name.startswith(PREFIX):
            continue
        problem = at(flow, name, "unreachable")
        # a question that nobody can be asked is a survey gone wrong; a spare announcement may be meant
        yield problem if isinstance(node, Question) else replace(problem, weight=Weight.WARNING)


def _without_caller(flow: Flow) -> Iterator[Problem]:
    """A circle of nodes none of which waits for anything never ends."""
    still = {name for name, node in flow.nodes.items() if not node.WAITS}
    following = {name: [way.target for way in exits(flow, name) if way.target in still] for name in still}
    for group in circles(sorted(still), following):
        yield at(flow, group[0], "endless", nodes=" -> ".join([*group, group[0]]))


def _subflow_circles(flow: Flow) -> Iterator[Problem]:
    calls: dict[str, list[str]] = {}
    where: dict[str, str] = {}
    for name in flow.subflows:
        inside = [(one, node) for one, node in flow.nodes.items() if one.startswith(f"{name}/")]
        calls[name] = [node.flow for _, node in inside if isinstance(node, Subflow)]
        where[name] = next((one for one, node in inside if isinstance(node, Subflow)), "")
    for group in circles(sorted(calls), calls):
        yield at(flow, where[group[0]], "subflow_circle", nodes=" -> ".join([*group, group[0]]))


def _survey_circles(flow: Flow) -> Iterator[Problem]:
    asked = sorted(name for name, node in flow.nodes.items() if isinstance(node, Question))
    following = {name: [way.target for way in flow.nodes[name].exits()] for name in flow.nodes}
    for group in circles(sorted(flow.nodes), following):
        questions = [name for name in group if name in asked]
        if questions:
            yield at(flow, questions[0], "survey_circle", nodes=", ".join(group))
