"""The benchmarks by name: how each is run, which figure counts, and what is asked of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dialer.lab.bench import (
    amd,
    ami_parse,
    announcements,
    calls,
    compressed,
    ears,
    ears_live,
    http,
    ivr_verdicts,
    join,
    profile,
    registry,
    rivals,
    storage,
    taps,
    tones,
)
from dialer.lab.bench.loaded import new_loop
from dialer.lab.bench.verdict import Line, Verdict
from dialer.lab.centre import PROJECT
from dialer.lab.postgres import EmbeddedPostgres

Benchmark = Callable[[bool], Verdict]
"""Takes whether to be quick."""


def ami(quick: bool) -> Verdict:
    got = ami_parse.run(ami_parse.recorded_stream(20_000 if quick else 100_000))
    ours, theirs = got["ours_per_s"], got["panoramisk_per_s"]
    line = Line("AMI events per CPU second", ours, "/s", "panoramisk", theirs, goal=8)
    right = {"events lost": not got["wanted_lost"], "events out of order": bool(got["same_order"])}
    return Verdict([line], got, _wrong(right))


def contacts(quick: bool) -> Verdict:
    got = _database(2_000 if quick else 20_000, 2_000 if quick else 20_000)
    whole = got["claimed_and_settled_per_s"]
    bare = got["bare_claimed_and_completed_per_s"]
    dialled = got["claimed_dialled_and_settled_per_s"]
    return Verdict(
        [
            Line("contacts claimed and settled", whole, "/s", "bare SKIP LOCKED", bare),
            # twice what an Asterisk on two cores can dial
            Line("claimed, dialled and settled", dialled, "/s", goal=1_200),
        ],
        got,
    )


def lists(quick: bool) -> Verdict:
    got = _database(100, 10_000 if quick else 100_000)
    rows, copied = got["import_rows_per_s"], got["bare_copy_rows_per_s"]
    return Verdict([Line("list rows imported and checked", rows, "/s", "bare COPY", copied)], got)


def _database(contacts: int, rows: int) -> dict[str, float]:
    with EmbeddedPostgres(_folder("database") / "postgres") as server, new_loop() as loop:
        return loop.run(storage.run(server.url, contacts, rows))


def web(quick: bool) -> Verdict:
    with new_loop() as loop:
        got = loop.run(http.requests(3 if quick else http.ROUNDS))
    ours, empty = got["stats_requests_per_s"], got["empty_requests_per_s"]
    return Verdict(
        [Line("live figures over HTTP", ours, "/s", "empty aiohttp handler", empty, goal=0.8)], got
    )


def stream(_quick: bool) -> Verdict:
    with new_loop() as loop:
        got = loop.run(http.streams())
    # ten times what a thousand screens need
    line = Line(f"events to {http.VIEWERS} viewers", got["sse_messages_per_s"], "/s", goal=10_000)
    return Verdict([line], got, _wrong({"viewers were dropped": not got["sse_viewers_dropped"]}))


def whole_calls(quick: bool) -> Verdict:
    got = calls.run(5.0, 1, 12_000) if quick else calls.run()
    ours, bare = (sum(got[name]) / len(got[name]) for name in ("service_per_s", "bare_per_s"))
    lines = [
        Line("calls through the service", ours, "/s", "bare AMI loop", bare, goal=0.7),
        Line("our CPU for a call", got["service_cpu_ms_per_call"], "ms"),
    ]
    return Verdict(lines, got, _wrong(_right(got)))


def ringing(quick: bool) -> Verdict:
    got = profile.run(10.0 if quick else 60.0)
    lines = [
        Line("wrong outcomes at 120 dials/s", got["dials_wrong"], "", goal=0, less_is_better=True),
        Line("lines ringing at the peak", got["ringing_at_peak"], ""),
        Line("our CPU", got["service_cpu_cores"], "cores", "Asterisk", got["asterisk_cpu_cores"]),
        Line("our memory, growth in the second half", got["service_memory_growth_second_half_mib"], "MiB"),
    ]
    return Verdict(lines, got, _wrong(_right(got)))


def joining(quick: bool) -> Verdict:
    got = join.run(5.0 if quick else 20.0)
    lines = [
        Line("answer to agent, p99", got["answer_to_join_p99_ms"], "ms", goal=50, less_is_better=True),
        Line("answer to agent, p50", got["answer_to_join_p50_ms"], "ms"),
        Line("answers", got["answers_per_s"], "/s"),
    ]
    return Verdict(lines, got, _wrong(_right(got)))


def registries(quick: bool) -> Verdict:
    got = registry.run(PROJECT / ".run/bench/registry", quick)
    lines = [
        Line("numbers imported per CPU second", got["import_per_cpu_s"], "/s", goal=3_000_000),
        Line("index", got["index_mb"], "MB", goal=500, less_is_better=True),
        Line("resident growth, shared", got["resident_growth_mb"], "MB", goal=500, less_is_better=True),
        Line("look-ups one by one", got["single_per_s"], "/s", goal=1_000_000),
        Line("look-ups in a batch", got["batch_per_s"], "/s", goal=20_000_000),
        _beside(got, "one by one", "single_per_s", "b-tree", "postgres"),
        _beside(got, "in a batch", "batch_per_s", "b-tree, = any", "postgres"),
        _beside(got, "one by one", "single_per_s", "Python set", "set"),
    ]
    right = {"false answers": not got["false_answers"], "numbers were lost": not got["import_rejected"]}
    return Verdict(lines, got, _wrong(right))


def _beside(got: Mapping[str, Any], how: str, figure: str, rival: str, of: str) -> Line:
    rows = got["postgres_rows"] if of == "postgres" else got["set_keys"]
    return Line(
        f"look-ups {how}", got[figure], "/s", f"{rival}, {rows / 1e6:g} M rows", got[f"{of}_{figure}"]
    )


def small_time(quick: bool) -> Verdict:
    """Differences of a quick run say little: two minutes have a hundred answers."""
    got = compressed.run(quick)
    lines = [
        Line("agent occupancy", 100 * got["occupancy"], "%", "simulated", 100 * got["simulated_occupancy"]),
        Line(
            "calls abandoned", 100 * got["abandonment"], "%", "simulated", 100 * got["simulated_abandonment"]
        ),
        _apart("occupancy, real and simulated", got["occupancy"] - got["simulated_occupancy"], goal=3),
        _apart("abandonment, real and simulated", got["abandonment"] - got["simulated_abandonment"], goal=1),
    ]
    right = {**_right(got), "a line was given up within 15 s": not got["cut_before_15_s"]}
    return Verdict(lines, got, _wrong(right))


def heard_tones(quick: bool) -> Verdict:
    got = tones.run(quick)
    lines = [
        Line("foreign ring-back tones found", 100 * got["foreign_found"], "%", goal=99),
        Line(
            "to the verdict, by frequency, p50",
            got["decided_s_by_frequency"]["p50"],
            "s",
            goal=0.5,
            less_is_better=True,
        ),
        Line(
            "to the verdict, only cadence differs, p50",
            got["periods_to_decision_where_only_cadence_differs"]["p50"],
            "periods",
            goal=1,
            less_is_better=True,
        ),
        Line("trials in which a hang-up is wrong", sum(got["trials"].values()), ""),
        Line("false hang-ups", len(got["false_hang_ups"]), "", goal=0, less_is_better=True),
    ]
    return Verdict(lines, got, _wrong({"a call was hung up wrongly": not got["false_hang_ups"]}))


def announced(quick: bool) -> Verdict:
    """Of one synthesizer's announcements, learned once and played through what happens on the way."""
    got = announcements.run(quick)
    decided, cost = got["decided_s"], got["us_per_stream_second"]
    others = sum(got["other_hours"].values())
    false = [each for each in got["false_matches"] if announcements.SAME_WORDS not in each]
    lines = [
        Line("announcements recognised", 100 * got["recognised"], "%", goal=99),
        Line("taken for another class", len(got["wrong_class"]), "", goal=0, less_is_better=True),
        Line("to the class, of 17 that begin alike, p50", decided["p50"], "s", goal=3, less_is_better=True),
        Line("hours of other sounds", others, "h"),
        Line("false matches in them", len(false), "", goal=0, less_is_better=True),
        Line("CPU for a second of speech", cost["speech"], "µs", goal=100, less_is_better=True),
    ]
    right = {
        "another class was said": not got["wrong_class"],
        "other sounds were taken for an announcement": not false,
    }
    return Verdict(lines, got, _wrong(right))


def answered(quick: bool) -> Verdict:
    """Voices that the model never heard; homes, and homes with offices, whose greetings last up to 3 s and more."""
    got = amd.run(quick)
    lines = []
    for audience in ("homes", "offices"):
        part = got[audience]
        lines += [
            _under(f"{audience}: people called a machine", part["people_called_machine"], 0.5),
            _under(f"{audience}: machines passed on", part["machines_passed_as_person"], 5),
            Line(
                f"{audience}: machines known 3 s after the answer",
                100 * part["machines_known_3_s_from_answer"],
                "%",
                goal=95,
            ),
            Line(
                f"{audience}: person known after the greeting, p95",
                part["person_decided_after_greeting_s"]["p95"],
                "s",
                goal=0.6,
                less_is_better=True,
            ),
        ]
    silent = {what: n for what, n in got["others"].items() if what.startswith(("silence", "noise"))}
    machines = sum(n for what, n in silent.items() if what.endswith("machine"))
    return Verdict(lines, got, _wrong({"silence or noise was called a machine": not machines}))


def heard_by_others(quick: bool) -> Verdict:
    """Our ears beside Asterisk's and spandsp's detectors on the same clips; what they get wrong is no failure of ours."""
    got = rivals.run(quick)
    ours = got["tones"]["detectors"][rivals.OURS]
    return Verdict(rivals.lines(got), got, _wrong({"a call was hung up wrongly": not ours["false_hang_ups"]}))


def hearing_lines(quick: bool) -> Verdict:
    """Of other ways only what they cost and whether they work; a rival's failure is no failure of ours."""
    got = taps.run(rounds=1 if quick else 2)
    ours = got[taps.OURS]
    lines = [
        Line(
            "Asterisk's CPU for a second of a tapped line, more",
            ours["asterisk_ms_per_line_s_more"],
            "ms",
            rival,
            got[name]["asterisk_ms_per_line_s_more"],
            less_is_better=True,
        )
        for rival, name in taps.RIVALS.items()
        if "asterisk_ms_per_line_s_more" in got[name]
    ]
    lines += [
        Line("taps that come up, all ordered at once", ours["taps_up_per_s"], "/s"),
        Line("from the order to the first frame, p50", ours["order_to_first_frame_ms"]["p50"], "ms"),
        Line("frames heard of those due", 100 * ours["frames_over_due"], "%", goal=99),
        Line("longest gap at the answer", ours["gap_at_answer_ms"]["most"], "ms"),
    ]
    every = got["untapped"]["lines"]
    right = {
        "lines were not heard": ours["taps_up"] == ours["audible"] == every,
        "answers were not seen": ours["answers_seen"] == every,
        "channels were left behind": not ours["channels_left_after_hang_up"],
    }
    return Verdict(lines, got, _wrong(right))


def hearing_capacity(quick: bool) -> Verdict:
    """What the ears' process needs for a line; on the exchange besides, as many lines as it rings on this machine."""
    got = ears.run((500,), (200,), 5.0) if quick else ears.run()
    got["exchange"] = live = ears_live.run(30 if quick else 120, 5.0 if quick else 10.0)
    early, answers = got["early_media"], got["answered"]
    lines = [
        Line("lines heard before the answer, a core", early[-1]["streams_per_core"], "", goal=5_000),
        Line("lines heard after the answer, a core", answers[-1]["streams_per_core"], ""),
        Line("lines tapped on the exchange", live["streams"], ""),
        Line("Asterisk's CPU for them", live["asterisk_cores"], "cores", "the ears", live["cores"]),
    ]
    lost = sum(each["frames_lost"] for each in early + answers)
    right = {"sound was lost": not lost, "a line was not heard": live["streams"] == live["lines"]}
    return Verdict(lines, got, _wrong(right))


def _under(what: str, share: float, goal: float) -> Line:
    return Line(what, 100 * share, "%", goal=goal, less_is_better=True)


def _apart(what: str, share: float, goal: float) -> Line:
    return Line(f"{what}, apart", abs(100 * share), "points", goal=goal, less_is_better=True)


def _right(got: Mapping[str, Any]) -> dict[str, bool]:
    return {
        "outcomes are not right": got["outcomes_right"],
        "the carrier counted otherwise": got["carrier_agrees"],
    }


def _wrong(right: Mapping[str, bool]) -> Sequence[str]:
    return tuple(complaint for complaint, is_right in right.items() if not is_right)


def _folder(name: str) -> Path:
    folder = PROJECT / ".run/bench" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


BENCHMARKS: Mapping[str, Benchmark] = {
    "ami": ami,
    "storage": contacts,
    "import": lists,
    "http": web,
    "sse": stream,
    "calls": whole_calls,
    "profile": ringing,
    "join": joining,
    "registry": registries,
    "compressed": small_time,
    "tones": heard_tones,
    "amd": answered,
    "announcements": announced,
    "ears-rivals": heard_by_others,
    "taps": hearing_lines,
    "ears": hearing_capacity,
    "agi": ivr_verdicts.fast_agi,
    "ivr": ivr_verdicts.key_to_prompt,
    "ivr-held": ivr_verdicts.callers_held,
    "ivr-engine": ivr_verdicts.engine_steps,
}
ON_REQUEST = frozenset({"compressed"})
"""Takes a quarter of an hour: only when asked for by name."""
LONGEST_S: Mapping[str, float] = {
    "compressed": 1500.0,
    "registry": 1800.0,
    "tones": 3000.0,
    "amd": 3000.0,
    "announcements": 3000.0,
    "ears-rivals": 2400.0,
    "taps": 400.0,
    "ears": 600.0,
}
"""Of those that take longer than the others, in seconds."""


def run(name: str, quick: bool) -> dict[str, Any]:
    begun = time.monotonic()
    verdict = BENCHMARKS[name](quick)
    return verdict.as_json() | {"took_s": round(time.monotonic() - begun, 1)}
