"""What is wrong with a flow that can be read: names, paths, prompts, questions, addresses."""

from ivr.flow.kinds import Reading
from ivr.flow.model import Flow
from ivr.flow.problems import Problem
from ivr.flow.validation import consent, names, nodes, paths, prompts

__all__ = ["problems_of"]


def problems_of(flow: Flow, reading: Reading) -> list[Problem]:
    """Paths are looked at only when every target exists."""
    found = [*names.problems(flow, reading), *nodes.problems(flow), *prompts.problems(flow, reading)]
    missing = [one for one in found if one.code in ("no_such_node", "no_such_subflow")]
    if not missing and not reading.problems:
        found += [*paths.problems(flow), *consent.problems(flow)]
    return found
