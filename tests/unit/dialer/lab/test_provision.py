import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dialer.errors import Misconfigured
from dialer.lab import apt, asterisk_program, provision
from dialer.lab.provision import Say, Step

pytestmark = pytest.mark.unit


def fails(say: Say) -> str:
    raise Misconfigured("install the package x")


def steps_are(monkeypatch: pytest.MonkeyPatch, *work: Callable[[Say], str | None]) -> list[str]:
    planned = [Step(f"step {n}", each) for n, each in enumerate(work)]
    monkeypatch.setattr(provision, "steps", lambda with_tests: planned)
    return []


def test_progress_is_told_step_by_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps_are(monkeypatch, lambda say: "22.10.1", lambda say: None)
    assert provision.main([]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("[1/2] step 0 … ok (22.10.1, 0.")
    assert told[1].startswith("[2/2] step 1 … ok (0.")


def test_a_failed_step_says_what_to_do_and_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps_are(monkeypatch, fails, lambda say: "never")
    assert provision.main([]) == 1
    told = capsys.readouterr().out
    assert "[1/2] step 0 … failed\n      install the package x\n" in told
    assert "[2/2]" not in told


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert provision.main(["--fast"]) == 2
    assert "--with-tests" in capsys.readouterr().err


def test_only_tests_need_a_browser() -> None:
    assert {step.name for step in provision.steps(True)} - {step.name for step in provision.steps(False)} == {
        "ffmpeg", "Chromium",
    }  # fmt: skip


def done(code: int, out: str = "", err: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, out, err)


def test_lists_are_fetched_only_when_installing_does_not_work_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders: list[str] = []
    answers = iter([done(100), done(0), done(0)])

    def order(words: list[str]) -> subprocess.CompletedProcess[str]:
        orders.append(words[0])
        return next(answers)

    monkeypatch.setattr(apt, "_apt", order)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    apt.install(["x"])
    assert orders == ["install", "update", "install"]


def test_who_is_not_root_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(Misconfigured, match="sudo apt-get install sip-tester"):
        apt.install(["sip-tester"])


def test_the_mirror_is_the_one_of_the_machines_own_release(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = (
        "'https://tools.example/apt/dists/anything/InRelease' a 0 \n"
        "'https://mirror.example/debian-security/dists/bookworm-security/InRelease' b 0 \n"
        "'https://mirror.example/debian/dists/bookworm/InRelease' c 0 \n"
    )
    monkeypatch.setattr(apt, "_apt", lambda words: done(0, listed))
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"VERSION_CODENAME": "bookworm"})
    assert apt.debian_mirror() == "https://mirror.example/debian"


def test_an_interrupted_fetch_leaves_nothing_that_looks_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAIRDIAL_CACHE", str(tmp_path))
    monkeypatch.setattr(asterisk_program, "installed", lambda: None)

    def interrupted(packages: object, releases: object, target: Path) -> None:
        (target / "usr").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(apt, "unpack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        provision.fetch_asterisk()
    assert asterisk_program.cached() is None
    # the next run clears the rest away
    monkeypatch.setattr(apt, "unpack", lambda *given: None)
    with pytest.raises(Misconfigured):
        provision.fetch_asterisk()
    assert [each.name for each in tmp_path.glob(".asterisk-*/usr")] == []
