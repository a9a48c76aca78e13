from pathlib import Path

import pytest

from dialer.lab.asterisk_program import STAMP, cache_folder, cached

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"FAIRDIAL_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/fairdial")),
        ({}, Path.home() / ".cache/fairdial"),
    ],
)
def test_where_the_cache_is(environment: dict[str, str], folder: Path) -> None:
    assert cache_folder(environment) == folder


def tree(root: Path, multiarch: str, loader: str) -> Path:
    for file in (
        f"usr/lib/{multiarch}/asterisk/modules/chan_pjsip.so",
        f"usr/lib/{multiarch}/{loader}",
        "usr/share/asterisk/sounds/en_US_f_Allison/beep.wav",
        "usr/sbin/asterisk",
        STAMP,
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("22.10.1", "utf-8")
    return root


@pytest.mark.parametrize(
    ("multiarch", "loader"),
    [("x86_64-linux-gnu", "ld-linux-x86-64.so.2"), ("aarch64-linux-gnu", "ld-linux-aarch64.so.1")],
)
def test_an_unpacked_tree_is_run_through_its_own_loader(tmp_path: Path, multiarch: str, loader: str) -> None:
    program = cached(tree(tmp_path, multiarch, loader))
    assert program is not None
    assert program.version == "22.10.1"
    libraries = tmp_path / "usr/lib" / multiarch
    assert program.command == (
        str(libraries / loader), "--library-path", str(libraries), str(tmp_path / "usr/sbin/asterisk"),
    )  # fmt: skip
    assert program.english.name == "en_US_f_Allison"


def test_a_tree_without_its_stamp_is_not_complete(tmp_path: Path) -> None:
    tree(tmp_path, "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
    (tmp_path / STAMP).unlink()
    assert cached(tmp_path) is None
