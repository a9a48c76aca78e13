"""The ways through a flow, with those that are not written: to the flow's failure node, by the refusal key, into a subflow."""

from collections.abc import Iterable, Iterator

from ivr.flow.model import Flow
from ivr.flow.nodes import Http, Question, Subflow, Transfer
from ivr.flow.nodes.node import Asking, Exit
from ivr.flow.nodes.working import Callback, OptOut, Record, Sms, Voicemail

_CAN_FAIL = (Asking, Transfer, Record, Voicemail, Callback, Sms, OptOut, Http)


def exits(flow: Flow, name: str) -> list[Exit]:
    """Every way out of a node."""
    node = flow.nodes[name]
    ways = list(node.exits())
    if isinstance(node, _CAN_FAIL) and node.on_failure is None:
        ways.append(Exit("failure", flow.head.on_failure))
    if isinstance(node, Question) and node.refusal and flow.head.refusal is not None:
        ways.append(Exit("refusal", flow.head.refusal.next))
    if isinstance(node, Subflow) and node.flow in flow.subflows:
        ways.append(Exit(node.flow, flow.subflows[node.flow]))
    return ways


def beginnings(flow: Flow) -> list[str]:
    return [flow.head.start, *flow.head.entry_points.values(), flow.head.on_error]


def reachable(flow: Flow, starts: Iterable[str], without: frozenset[str] = frozenset()) -> set[str]:
    """The nodes a call can come to, when those of `without` let nobody pass."""
    seen: set[str] = set()
    waiting = [name for name in starts if name in flow.nodes]
    while waiting:
        name = waiting.pop()
        if name in seen or name in without:
            continue
        seen.add(name)
        waiting += [way.target for way in exits(flow, name) if way.target in flow.nodes]
    return seen


def circles(names: Iterable[str], following: dict[str, list[str]]) -> Iterator[list[str]]:
    """Groups of nodes from each of which every other of its group can be reached (Tarjan, without recursion)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    on_path: list[str] = []
    for root in names:
        if root not in order:
            yield from _from(root, following, order, lowest, on_path)


def _from(
    root: str,
    following: dict[str, list[str]],
    order: dict[str, int],
    lowest: dict[str, int],
    on_path: list[str],
) -> Iterator[list[str]]:
    work: list[tuple[str, Iterator[str]]] = [(root, iter(following.get(root, [])))]
    order[root] = lowest[root] = len(order)
    on_path.append(root)
    while work:
        name, rest = work[-1]
        other = next(rest, None)
        if other is None:
            work.pop()
            if work:
                lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
            if lowest[name] == order[name]:
                group = on_path[on_path.index(name) :]
                del on_path[on_path.index(name) :]
                if len(group) > 1 or name in following.get(name, []):
                    yield group
        elif other not in order:
            order[other] = lowest[other] = len(order)
            on_path.append(other)
            work.append((other, iter(following.get(other, []))))
        elif other in on_path:
            lowest[name] = min(lowest[name], order[other])
