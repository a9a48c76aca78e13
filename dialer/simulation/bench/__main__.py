"""`python -m dialer.simulation.bench [options]`: pacing against the rivals. Asked again, it goes on where it stopped."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dialer.errors import BadInput
from dialer.simulation.bench import markdown
from dialer.simulation.bench.contest import Contest, hold
from dialer.simulation.bench.decision_cost import decision_costs, engine_times_real
from dialer.simulation.bench.document import document
from dialer.simulation.bench.plan import BOUNDS, RIVALS, Plan, listed, shocks_named
from dialer.simulation.bench.playing import Stage

_FOLDER = Path(".run/bench")
_EVERYTHING = (
    "everything: python -m dialer.simulation.bench --teams 3,5,10,20,50,100 --scenarios s1,s2,s3 --shocks all "
    "--full-sweeps --budget-minutes 0 (days of computing; it may be stopped and asked again at any time)"
)


def main(arguments: Sequence[str]) -> int:
    """Status 1 if what was asked cannot be; a rival that wins and a part that was not run are figures, not faults."""
    chosen = _parser().parse_args(arguments)
    try:
        found = _run(chosen, _plan(chosen))
    except BadInput as wrong:
        print(f"bench: {wrong}", file=sys.stderr)
        return 1
    _write(chosen.json, json.dumps(found, indent=1, ensure_ascii=False))
    text = markdown.written(found)
    if chosen.markdown is not None:
        _write(chosen.markdown, text)
    print(text)
    print(f"written to {chosen.json}")
    if found["not_run"]:
        print("the same command goes on where the time ran out")
    print(_EVERYTHING)
    return 0


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dialer.simulation.bench", epilog=_EVERYTHING)
    add = parser.add_argument
    add("--teams", default="5,20", help="agents of the stationary scenarios (5,20)")
    add("--scenarios", default="s1", help="stationary scenarios, or files (s1)")
    add("--shocks", default="none", help="all, none, or names")
    add("--shock-agents", type=int, metavar="N", help="in the place of the shocks' own number of agents")
    add("--seeds", type=int, default=20, help="reported seeds (20)")
    add("--tuning-seeds", type=int, default=2, help="other seeds, for choosing the rivals' settings (2)")
    add("--days", type=int, default=1, help="days of each seed; what is learnt is kept overnight (1)")
    add("--policies", default=",".join((*RIVALS, *BOUNDS)), help="the others, by commas")
    add("--full-sweeps", action="store_true", help="a thousand settings of the adaptive rules")
    add("--budget-minutes", type=float, default=20.0, metavar="M", help="0: as long as it takes (20)")
    add("--no-decision-cost", action="store_true", help="leave the cost of a decision out")
    add("--workers", type=int, help="processes; default: one for each core")
    add("--results", type=Path, default=_FOLDER, metavar="FOLDER", help="where finished days are kept")
    add("--json", type=Path, default=_FOLDER / "pacing.json", metavar="FILE")
    add("--markdown", type=Path, metavar="FILE")
    return parser


def _plan(chosen: argparse.Namespace) -> Plan:
    """Raises BadInput."""
    teams = listed(chosen.teams)
    sizes = [int(word) for word in teams if word.isascii() and word.isdigit() and int(word) > 0]
    if len(sizes) < len(teams):
        raise BadInput(f"teams: {chosen.teams!r} are not numbers of agents such as 5,20", "teams")
    if min(chosen.seeds, chosen.tuning_seeds, chosen.days) < 1:
        raise BadInput("seeds, tuning seeds and days: at least 1 of each", "seeds")
    return Plan(
        sizes,
        listed(chosen.scenarios),
        shocks_named(chosen.shocks),
        listed(chosen.policies),
        chosen.seeds,
        chosen.tuning_seeds,
        chosen.days,
        chosen.shock_agents,
        chosen.full_sweeps,
    )


def _run(chosen: argparse.Namespace, plan: Plan) -> dict[str, Any]:
    cases = plan.cases()
    contests: list[Contest] = []
    cost = None
    with Stage(chosen.results, chosen.budget_minutes or None, chosen.workers, _tell) as stage:
        if not chosen.no_decision_cost:
            _tell("cost of a decision")
            decisions = [asdict(each) for each in decision_costs()]
            cost = {"decisions": decisions, "engine_times_real": round(engine_times_real(), 1)}
        contests.extend(hold(case, plan, stage) for case in cases)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 - when it was measured
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    return document(plan, contests, cost, about)


def _tell(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
