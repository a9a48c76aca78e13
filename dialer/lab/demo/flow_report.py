"""The part of the report on callers in flows."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from dialer.lab.demo.flows import SENT_ON, FlowFigures
from dialer.words import Language, say

_RESULTS: Final = ("callback", "completed", "confirmed", "done", "opt_out", "sold")
"""Of the samples, as far as the demonstration comes to them."""


def show_flows(console: Console, flows: FlowFigures, language: Language) -> None:
    """Calls by flow and how they ended, what the survey found, and what became of wishes."""
    table = Table(title=say("demo.flows", language), title_justify="left")
    table.add_column(say("demo.flows_flow", language))
    table.add_column(say("demo.flows_calls", language), justify="right")
    table.add_column(say("demo.flows_results", language))
    for flow, calls in flows.calls_by_flow.items():
        title = flows.titles.get(flow, flow)
        table.add_row(f"{title} ({flow})", str(calls), _counts(flows.results[flow], language))
    console.print(table)
    answers = Table(title=say("demo.flows_answers", language), title_justify="left")
    answers.add_column(say("demo.flows_question", language))
    answers.add_column(say("demo.flows_given", language), overflow="fold")
    for question, given in flows.answers:
        answers.add_row(question, _counts(given, language))
    console.print(answers)
    for line in _lines(flows, language):
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)


def _counts(counts: Mapping[str, int], language: Language) -> str:
    words = {"": say("demo.flows_unfinished", language), SENT_ON: say("demo.flows_sent_on", language)}
    words |= {result: say(f"demo.flows_result_{result}", language) for result in _RESULTS}
    return ", ".join(f"{words.get(what, what)} {count}" for what, count in counts.items())


def _lines(flows: FlowFigures, language: Language) -> Iterable[str]:
    yield say("demo.flows_opt_outs", language, landed=flows.opt_outs_landed, count=flows.opt_outs)
    yield say("demo.flows_joined", language, joined=flows.joined, sent_on=flows.sent_on)
    kept = sum(each.kept for each in flows.walks)
    yield say("demo.flows_kept", language, kept=kept, count=len(flows.walks))
    for each in flows.walks:
        if not each.kept:
            yield say(
                "demo.flows_wrong",
                language,
                number=each.number,
                flow=each.flow,
                expected=each.expected,
                result=each.result or say("demo.flows_unfinished", language),
            )
