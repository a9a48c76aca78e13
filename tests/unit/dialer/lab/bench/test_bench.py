"""The parts of the benchmarks that judge: ratios, the table, the JSON, and what counts as a right outcome."""

import json
import math
from io import StringIO

import pytest
from rich.console import Console

from dialer.lab.bench import calls, join, profile
from dialer.lab.bench.accounting import Outcome, agrees
from dialer.lab.bench.catalogue import BENCHMARKS, LONGEST_S, ON_REQUEST
from dialer.lab.bench.loaded import numbers
from dialer.lab.bench.sipp import SCENARIOS, read_counts
from dialer.lab.bench.verdict import Line, Verdict, failed, table

pytestmark = pytest.mark.unit

FAST = Line("calls", 700.0, "/s", "bare loop", 1000.0, goal=0.7)
SLOW = Line("wait", 80.0, "ms", goal=50, less_is_better=True)
PLAIN = Line("memory", 12.0, "MiB")
COUNTS = {"INVITE received": 10, "BYE sent": 4, "CANCEL received": 6}
PROFILE = {
    "calls": 10,
    "answering": 4,
    "answered": 4,
    "rung_out": 6,
    "cut_short": 0,
    "least_ringing_s": 18.0,
}


def test_a_line_with_a_rival_is_judged_by_its_ratio() -> None:
    assert (FAST.ratio, FAST.met) == (0.7, True)
    assert (SLOW.ratio, SLOW.met) == (None, False)
    assert (PLAIN.ratio, PLAIN.met) == (None, None)


def test_the_json_holds_figures_lines_and_complaints() -> None:
    verdict = Verdict([FAST], {"service_per_s": [700]}, ["lost one"])
    read = json.loads(json.dumps(verdict.as_json()))
    assert read["figures"] == {"service_per_s": [700]}
    assert read["wrong"] == ["lost one"]
    assert {name: read["lines"][0][name] for name in ("what", "ratio", "met", "goal")} == {
        "what": "calls",
        "ratio": 0.7,
        "met": True,
        "goal": 0.7,
    }


def test_the_table_shows_every_line_and_why_a_benchmark_failed() -> None:
    out = StringIO()
    results = {
        "calls": Verdict([FAST, SLOW, PLAIN], {}).as_json(),
        "join": failed("no [such] phone").as_json(),
    }
    Console(file=out, width=160).print(table(results))
    text = out.getvalue()
    for word in (
        "bare loop",
        "0.70",
        "≥ 0.70 ×",
        "met",
        "≤ 50",
        "missed",
        "12 MiB",
        "no [such] phone",
        "failed",
    ):
        assert word in text


def test_counts_are_added_up_over_the_steps_of_the_last_line() -> None:
    header = "CurrentTime;ElapsedTime;0_INVITE_Recv;0_INVITE_Retrans;1_200_Sent;4_200_Sent;5_BYE_Sent;"
    text = f"{header}\nthen;1;3;0;2;1;2;\nnow;2;10;1;4;5;4;\n"
    assert read_counts(text) == {"INVITE received": 10, "200 sent": 9, "BYE sent": 4}
    assert read_counts(header) == {}


@pytest.mark.parametrize("name", COUNTS)
def test_the_carrier_has_to_agree_on_every_message(name: str) -> None:
    assert agrees(COUNTS, invites=10, byes=4, cancels=6)
    assert not agrees(COUNTS | {name: COUNTS[name] + 1}, invites=10, byes=4, cancels=6)


def test_calls_are_right_when_each_one_was_answered_and_settled() -> None:
    sipp = {"INVITE received": 12, "BYE sent": 12}
    right = calls.accounts(2, {"hung_up": Outcome(10, 10)}, sipp)
    assert (right["outcomes_right"], right["carrier_agrees"]) == (True, True)
    for ended in (
        {"hung_up": Outcome(10, 9)},
        {"hung_up": Outcome(9, 9), "open: waiting": Outcome(1, 1)},
        {"hung_up": Outcome(9, 9), "lost": Outcome(1, 0)},
    ):
        assert not calls.accounts(2, ended, sipp)["outcomes_right"]
    assert not calls.accounts(1, {"hung_up": Outcome(10, 10)}, sipp)["carrier_agrees"]


def test_the_ratio_is_that_of_all_rounds() -> None:
    bare = [calls.Round(1000, 10, 1, 20, 0), calls.Round(500, 10, 1, 10, 0)]
    whole = [calls.Round(600, 10, 3, 15, 3), calls.Round(600, 10, 3, 15, 3)]
    figures = calls.figures(bare, whole)
    assert figures["service_of_bare"] == 0.8
    assert figures["service_cpu_ms_per_call"] == 5.0


@pytest.mark.parametrize(
    "change", [{"answered": 3}, {"rung_out": 5}, {"cut_short": 1}, {"calls": 11}, {"answering": 5}]
)
def test_the_profile_is_right_only_when_every_call_is(change: dict[str, int]) -> None:
    assert profile.accounts(PROFILE, COUNTS)["outcomes_right"]
    assert not profile.accounts(PROFILE | change, COUNTS)["outcomes_right"]


def test_everybody_who_answers_has_to_reach_an_agent() -> None:
    sipp = {"INVITE received": 5, "BYE sent": 5}
    assert join.accounts({"connected": Outcome(5, 5)}, sipp)["outcomes_right"]
    ended = {"connected": Outcome(4, 4), "hung_up": Outcome(1, 1)}
    assert not join.accounts(ended, sipp)["outcomes_right"]


def test_percentiles_are_values_that_occurred() -> None:
    rising = [float(each) for each in range(1, 101)]
    assert [join.percentile(rising, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert join.percentile([7.0], 0.5) == 7
    assert math.isnan(join.percentile([], 0.99))


def test_the_numbers_differ_and_three_in_ten_answer() -> None:
    made = list(numbers(10_000))
    assert len(set(made)) == len(made)
    assert sum(each[-1] in "012" for each in made) == 3_000


def test_each_scenario_is_there() -> None:
    assert {each.stem for each in SCENARIOS.glob("*.xml")} == {"answers", "calls_in", "rings", "stays"}


def test_the_benchmarks_have_the_names_they_are_called_by() -> None:
    quick = ["ami", "storage", "import", "http", "sse", "calls", "profile", "join"]
    long = ["registry", "compressed", "tones", "amd", "announcements", "ears-rivals", "taps", "ears"]
    assert list(BENCHMARKS) == [*quick, *long, "agi", "ivr", "ivr-held", "ivr-engine"]
    assert {"compressed"} == ON_REQUEST
    assert LONGEST_S.keys() == set(long)
