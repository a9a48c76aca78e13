"""One clear line for every refusal, plain output for pipes, no secret on the screen."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.ids import AgentId, CampaignId, ContactId
from dialer.domain.pacing_plan import PacingPlan
from dialer.ports.storage import ContactView
from dialer.web.auth import digest
from tests.support.fake_store import FakeStore
from tests.unit.dialer.cli.conftest import Run
from tests.unit.dialer.web.conftest import ENDED_CALL, NUMBER, attempt_view

pytestmark = pytest.mark.unit


class TestSettings:
    def test_valid_ones_are_ok(self, run: Run) -> None:
        done = run("config", "check")
        assert (done.exit_code, done.stdout) == (0, "OK: the settings are valid\n")

    def test_each_mistake_is_a_line_on_stderr(self, run: Run, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("FAIRDIAL_AMI__PORT", "seventy")
        environment.setenv("FAIRDIAL_LOG__LEVEL", "loud")
        done = run("config", "check")
        assert (done.exit_code, done.stdout) == (1, "")
        assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == ["ami.port", "log.level"]

    @pytest.mark.parametrize("flags", [(), ("--json",)])
    def test_no_secret_is_printed(
        self, run: Run, environment: pytest.MonkeyPatch, flags: tuple[str, ...]
    ) -> None:
        environment.setenv("FAIRDIAL_AMI__SECRET", "ami-secret")
        environment.setenv("FAIRDIAL_PHONES__ANA__PASSWORD", "phone-secret")
        environment.setenv("FAIRDIAL_TRUNKS__MAIN__PASSWORD", "trunk-secret")
        done = run("config", "show", *flags)
        assert done.exit_code == 0
        assert "sip.example.net" in done.stdout
        assert "-secret" not in done.output

    def test_a_wrong_secret_is_not_printed_either(self, run: Run, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("FAIRDIAL_AMI__SECRET", "ami-secret\n;")
        environment.setenv("FAIRDIAL_HTTP__PORT", "my-secret")
        assert "-secret" not in run("config", "check").output


def test_a_missing_database_is_one_line_that_says_what_to_do(run: Run) -> None:
    done = run("campaign", "list")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "FAIRDIAL_DATABASE_URL" in done.stderr
    assert "db-secret" not in done.output


@pytest.mark.parametrize(
    "words", [("frob",), ("campaign", "frob"), ("campaign", "start"), ("agents", "pause")]
)
def test_wrong_usage_is_status_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_every_command_has_help(run: Run) -> None:
    for words in (
        (),
        ("serve",),
        ("demo",),
        ("asterisk", "render"),
        ("explain", "attempt"),
        ("users", "token"),
    ):
        assert run(*words, "--help").exit_code == 0


class TestCampaigns:
    def test_one_is_created_from_a_file_and_options_win(self, run: Run, store: FakeStore) -> None:
        Path("plan.toml").write_text(
            'name = "spring"\ntrunk = "main"\nwrap_up_s = 30\n[hours]\nend = "18:00"\n'
        )
        done = run("campaign", "create", "--from-file", "plan.toml", "--wrap-up", "5", "--weekdays", "01234")
        assert done.exit_code == 0, done.output
        _, shown = run("campaign", "list"), json.loads(run("campaign", "show", "spring", "--json").stdout)
        assert shown["plan"]["wrap_up_s"] == 5
        assert shown["plan"]["hours"] == {"start": "08:00", "end": "18:00", "weekdays": [0, 1, 2, 3, 4]}

    @pytest.mark.parametrize(
        ("words", "blamed"),
        [
            (("--name", "x"), "trunk"),
            (("--name", "x", "--trunk", "other"), "'other'"),
            (("--name", "x", "--trunk", "main", "--ring-for", "5"), "ring_for"),
            (("--from-file", "absent.toml"), "absent.toml"),
            (("--name", "x", "--trunk", "main", "--weekdays", "mon"), "weekdays"),
            (("--name", "x", "--trunk", "main", "--day-cap", "3"), "pacing.day_cap: must be from 0 to 0.2"),
        ],
    )
    def test_a_wrong_plan_is_refused_in_one_line(
        self, run: Run, store: FakeStore, words: tuple[str, ...], blamed: str
    ) -> None:
        done = run("campaign", "create", *words)
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 1
        assert blamed in done.stderr
        assert store.campaigns.rows == {}

    def test_a_queue_of_callers_needs_no_trunk_and_a_name_that_flows_can_write(
        self, run: Run, store: FakeStore
    ) -> None:
        done = run("campaign", "create", "--name", "service", "--mode", "inbound")
        assert done.exit_code == 0, done.output
        plan = json.loads(run("campaign", "show", "service", "--json").stdout)["plan"]
        assert (plan["pacing"]["mode"], plan["trunk"]) == ("inbound", "main")
        done = run("campaign", "create", "--name", "our service", "--mode", "inbound")
        assert done.exit_code == 1
        assert "without spaces" in done.stderr

    def test_a_plan_is_changed_option_by_option(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main", "--end", "18:00", "--weight", "3")
        done = run(
            "campaign", "set", "spring", "--mode", "power", "--lines-per-agent", "2", "--start", "09:00"
        )
        assert (done.exit_code, done.stdout) == (0, "Campaign spring changed\n"), done.output
        plan = json.loads(run("campaign", "show", "spring", "--json").stdout)["plan"]
        assert (plan["hours"]["start"], plan["hours"]["end"]) == ("09:00", "18:00")
        pacing = plan["pacing"]
        assert [pacing[name] for name in ("mode", "lines_per_agent", "weight")] == ["power", 2, 3]
        assert store.users.audited[-1].detail == {
            "hours": {"start": "09:00"},
            "pacing": {"mode": "power", "lines_per_agent": 2},
        }

    def test_every_option_of_a_plan_reaches_it(self, run: Run, store: FakeStore) -> None:
        given = {
            "caller-id": "+12025550199",
            "weekdays": "04",
            "ring-for": "25",
            "wrap-up": "4",
            "message": "fairdial/survey-en",
            "most-lines": "7",
            "most-attempts": "3",
            "least-lines": "2",
            "day-cap": "0.01",
            "period-cap": "0.02",
            "half-hour-cap": "0.04",
            "preview-for": "45",
        }
        words = [word for option, value in given.items() for word in (f"--{option}", value)]
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        assert run("campaign", "set", "1", *words, "--no-record", "--name", "summer").exit_code == 0
        plan = store.campaigns.rows[CampaignId(1)].plan
        assert (plan.name, plan.caller_id, sorted(plan.hours.weekdays)) == ("summer", "+12025550199", [0, 4])
        assert (plan.ring_for.seconds, plan.wrap_up.seconds) == (25, 4)
        assert plan.message == "fairdial/survey-en"
        assert (plan.most_lines, plan.most_attempts, plan.record) == (7, 3, False)
        assert plan.pacing == PacingPlan(
            least_lines=2, day_cap=0.01, period_cap=0.02, half_hour_cap=0.04, preview_for_s=45
        )

    @pytest.mark.parametrize(
        ("words", "status", "blamed"),
        [
            ((), 1, "nothing to change"),
            (("--mode", "warp"), 2, "predictive"),
            (("--weight", "0"), 1, "pacing.weight: must be from 0.01 to 100"),
            (("--trunk", "other"), 1, "'other'"),
        ],
    )
    def test_a_wrong_change_is_refused(
        self, run: Run, store: FakeStore, words: tuple[str, ...], status: int, blamed: str
    ) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        before = store.campaigns.rows[CampaignId(1)]
        done = run("campaign", "set", "spring", *words)
        assert (done.exit_code, blamed in done.stderr) == (status, True)
        assert store.campaigns.rows[CampaignId(1)] == before

    def test_signals_go_by_name_or_id_and_are_audited(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        assert "is now: Running" in run("campaign", "start", "spring").stdout
        assert "is now: Paused" in run("campaign", "pause", "1").stdout
        assert run("campaign", "start", "spring").exit_code == 1
        assert store.users.actions()["campaign.start"] == 1

    def test_lists_are_plain_tab_separated_lines_without_a_terminal(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        assert run("campaign", "list").stdout.splitlines()[1].split("\t")[:4] == [
            "1",
            "spring",
            "Draft",
            "main",
        ]

    def test_the_status_shows_abandonment_with_its_counts(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        assert "Abandoned calls: 3 / 200 (1.50%)" in run("campaign", "status", "spring").stdout
        assert json.loads(run("campaign", "status", "spring", "--json").stdout)["outcomes"]["busy"] == 2

    def test_words_follow_the_language_of_the_settings(
        self, run: Run, store: FakeStore, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("FAIRDIAL_LANGUAGE", "zh")
        run("campaign", "create", "--name", "春季", "--trunk", "main")
        assert "草稿" in run("campaign", "list").stdout


class TestContacts:
    def test_an_import_is_summed_up_with_the_refused_rows(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        rows = ["phone,name", "+12025550123,Kim"] + [f"=bad{number},X" for number in range(30)]
        Path("list.csv").write_text("\n".join(rows) + "\n")
        done = run("contacts", "import", "spring", "list.csv", "--report", "refused.csv")
        assert done.exit_code == 0, done.output
        assert "31 rows read, 1 taken, 30 refused" in done.stdout
        assert len([line for line in done.stdout.splitlines() if line[0].isdigit() and "\t" in line]) == 20
        written = list(csv.reader(Path("refused.csv").read_text("utf-8-sig").splitlines()))
        assert len(written) == 31

    def test_a_missing_file_is_said(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        assert "there is no file" in run("contacts", "import", "spring", "no.csv").stderr

    def test_one_is_blocked_and_reopened_only_when_the_rules_allow(self, run: Run, store: FakeStore) -> None:
        self.test_an_import_is_summed_up_with_the_refused_rows(run, store)
        assert "Blocked" in run("contacts", "block", "1").stdout
        assert run("contacts", "reopen", "1").exit_code == 1
        row = store.contacts.rows[ContactId(1)]
        store.contacts.rows[ContactId(1)] = replace(row, state=ContactState.DONE)
        assert "To be called" in run("contacts", "reopen", "1", "--due", "2026-04-01").stdout


def test_agents_are_found_by_name_phone_or_id(run: Run, store: FakeStore) -> None:
    assert run("agents", "add", "Ana", "--phone", "ana").exit_code == 0
    for which, verb, wish in (
        ("Ana", "login", AgentState.READY),
        ("ana", "pause", AgentState.PAUSED),
        ("1", "logout", AgentState.LOGGED_OUT),
    ):
        assert run("agents", verb, which).exit_code == 0
        assert store.agents.rows[AgentId(1)].wish is wish
    assert run("agents", "login", "Nobody").exit_code == 1


def test_numbers_go_on_and_off_the_do_not_call_list(run: Run, store: FakeStore) -> None:
    assert run("dnc", "add", "(202) 555-0123", "--reason", "letter").exit_code == 0
    assert "On the do-not-call list" in run("dnc", "check", "+12025550123").stdout
    assert run("dnc", "remove", "202-555-0123").exit_code == 0
    assert "Not on the" in run("dnc", "check", "+12025550123").stdout
    assert run("dnc", "add", "hello").exit_code == 1


def test_a_do_not_call_file_is_added_and_bad_lines_are_named(run: Run, store: FakeStore) -> None:
    Path("dnc.csv").write_bytes(b"\xef\xbb\xbfnumber;since\n2025550123;2020\n123;x\n+442079460018\n")
    done = run("dnc", "import", "dnc.csv")
    assert done.exit_code == 0
    assert [row.number.e164 for row in store.do_not_call.rows] == ["+12025550123", "+442079460018"]
    assert "line 3" in done.stderr


def test_a_token_is_printed_once_alone_and_only_its_digest_kept(run: Run, store: FakeStore) -> None:
    run("users", "add", "wallboard", "--role", "read_only")
    done = run("users", "token", "wallboard", "--days", "30")
    token = done.stdout.strip()
    assert list(store.users.tokens) == [digest(token)]
    assert token not in str(store.users.audited)


def test_a_short_password_is_refused(run: Run, store: FakeStore) -> None:
    done = run("users", "add", "ana", "--role", "admin", "--password", stdin="short\nshort\n")
    assert done.exit_code == 1
    assert store.users.callers == {}


def test_an_attempt_is_explained_with_its_timeline(run: Run, store: FakeStore) -> None:
    assert run("campaign", "create", "--name", "spring", "--trunk", "main").exit_code == 0
    store.history.rows[ENDED_CALL] = attempt_view(ENDED_CALL, AttemptState.ENDED)
    store.contacts.rows[ContactId(1)] = ContactView(
        ContactId(1), CampaignId(1), "Ana", ContactState.DONE, None, 1, "talked with an agent", (NUMBER,)
    )
    done = run("explain", "attempt", str(ENDED_CALL))
    assert done.stdout.startswith("+12025550123: Talked with an agent (talked with an agent) · Q.850 16\n")
    assert "dialled\ton main" in done.stdout
    assert "not dialled again before something changes: talked with an agent" in done.stdout


def test_a_name_cannot_steer_the_terminal(run: Run, store: FakeStore) -> None:
    run("agents", "add", "Ana\x1b[2J", "--phone", "ana")
    assert "\x1b" not in run("agents", "list").stdout
