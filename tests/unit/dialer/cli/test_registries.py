"""fairdial dnc import --registry, registries, verify, lookup, scrub; and what a contact import tells."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.fake_store import FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

LIST = "name,phone1,phone2\nAda,2025550100,3125550100\nBob,2025550101,\nCyd,3125550101,\nDan,12,\n"


@pytest.fixture(autouse=True)
def folder(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    environment.setenv("FAIRDIAL_REGISTRIES__FOLDER", str(tmp_path / "registries"))
    return tmp_path / "registries"


@pytest.fixture
def imported(run: Run, store: FakeStore) -> str:
    """The version's name."""
    Path("202.txt").write_text("202,5550100\n202,5550101\n202,bad\n")
    done = run("dnc", "import", "202.txt", "--registry", "us_national", "--as-of", "2026-01-05", "--json")
    assert done.exit_code == 0, done.stderr
    version: str = json.loads(done.stdout)["version"]
    return version


def test_an_import_tells_what_went_in_and_what_did_not(run: Run, store: FakeStore) -> None:
    Path("202.txt").write_text("202,5550100\n202,bad\n202,5550101\n")
    done = run("dnc", "import", "202.txt", "--registry", "us_national", "--as-of", "2026-01-05")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "2 numbers (+2)" in done.stdout
    assert "3 lines read: 2 numbers, 1 lines rejected" in done.stdout
    assert "202.txt\t2\tthe number after the area code is not 7 digits" in done.stdout
    assert [entry.action for entry in store.users.audited] == ["registry.import"]


def test_an_import_stands_without_the_database(run: Run) -> None:
    Path("202.txt").write_text("202,5550100\n")
    done = run("dnc", "import", "202.txt", "--registry", "us_national", "--as-of", "2026-01-05")
    assert done.exit_code == 0
    assert "not in the audit trail" in done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--registry", "us_national"), "--as-of"),
        (("--registry", "us_national", "--as-of", "2026-01-05", "--campaign", "x"), "leave --campaign away"),
        (("--registry", "US!", "--as-of", "2026-01-05"), "is no name for a registry"),
    ],
)
def test_what_is_missing_is_said(run: Run, store: FakeStore, words: tuple[str, ...], complaint: str) -> None:
    Path("a.txt").write_text("2025550100\n")
    done = run("dnc", "import", "a.txt", *words)
    assert (done.exit_code, complaint in done.stderr) == (1, True), done.stderr


def test_old_copies_are_marked(run: Run, imported: str) -> None:
    done = run("dnc", "registries")
    assert done.exit_code == 0
    assert imported in done.stdout
    assert "older than 31 days" in done.stdout
    (shown,) = json.loads(run("dnc", "registries", "--json").stdout)
    assert (shown["registry"], shown["numbers"], shown["version"]) == ("us_national", 2, imported)


def test_a_number_is_looked_up(run: Run, imported: str) -> None:
    (shown,) = json.loads(run("dnc", "lookup", "(202) 555-0100", "--json").stdout)
    assert shown == {
        "registry": "us_national",
        "version": imported,
        "as_of": "2026-01-05",
        "listed": True,
        "readable": True,
    }
    assert "not listed" in run("dnc", "lookup", "+13125550100").stdout


def test_without_registries_a_lookup_says_so(run: Run) -> None:
    done = run("dnc", "lookup", "+13125550100")
    assert (done.exit_code, "there are no registries" in done.stderr) == (1, True)


def test_damage_is_found(run: Run, imported: str, folder: Path) -> None:
    assert run("dnc", "verify").exit_code == 0
    index = folder / "us_national/versions" / f"{imported}.index"
    content = bytearray(index.read_bytes())
    content[-1] ^= 1
    index.write_bytes(content)
    done = run("dnc", "verify", "--all")
    assert (done.exit_code, "the content has changed" in done.stderr) == (1, True)


class TestScrub:
    def test_writes_a_cleaned_list_and_what_came_out(self, run: Run, store: FakeStore, imported: str) -> None:
        run("dnc", "add", "+13125550101", "--reason", "letter")
        Path("list.csv").write_text(LIST)
        done = run("dnc", "scrub", "list.csv", "--json")
        assert done.exit_code == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["rows"], said["clean"], said["removed"], said["blanked"]) == (4, 1, 3, 1)
        assert said["listed"] == {"us_national": 2, "own_list": 1}
        assert Path("list.clean.csv").read_text() == "name,phone1,phone2\nAda,,3125550100\n"
        with Path("list.removed.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["line"], row["number"], row["list"], row["because"]) for row in csv.DictReader(file)]
        assert rows == [
            ("2", "+12025550100", "us_national", "listed on us_national"),
            ("3", "+12025550101", "us_national", "listed on us_national"),
            ("4", "+13125550101", "own_list", "cli: letter"),
            ("5", "12", "unreadable", "wrong length for its country"),
        ]

    def test_an_entry_for_another_campaign_does_not_count(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        run("dnc", "add", "+13125550101", "--campaign", "spring")
        Path("list.csv").write_text("phone\n3125550101\n")
        assert json.loads(run("dnc", "scrub", "list.csv", "--json").stdout)["removed"] == 0
        done = run("dnc", "scrub", "list.csv", "--campaign", "spring", "--json")
        assert json.loads(done.stdout)["removed"] == 1

    def test_needs_no_database_for_registries_alone(self, run: Run, imported: str) -> None:
        Path("list.csv").write_text(LIST)
        done = run("dnc", "scrub", "list.csv", "--no-own-list")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "4 rows: 2 stay, 2 removed; 1 numbers taken out" in done.stdout

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("--registry", "uk_tps"), "there is no registry 'uk_tps'; there are: us_national"),
            (("--clean", "list.csv"), "must be three files"),
            (("--campaign", "x", "--no-own-list"), "leave --no-own-list away"),
        ],
    )
    def test_says_what_it_cannot_do(
        self, run: Run, imported: str, words: tuple[str, ...], complaint: str
    ) -> None:
        Path("list.csv").write_text(LIST)
        done = run("dnc", "scrub", "list.csv", *words)
        assert (done.exit_code, complaint in done.stderr) == (1, True), done.stderr
        assert Path("list.csv").read_text() == LIST

    def test_refuses_to_clear_anybody_with_a_damaged_registry(
        self, run: Run, imported: str, folder: Path
    ) -> None:
        (folder / "us_national/versions" / f"{imported}.index").write_bytes(b"")
        Path("list.csv").write_text(LIST)
        done = run("dnc", "scrub", "list.csv", "--no-own-list")
        assert (done.exit_code, "cannot be read" in done.stderr) == (1, True)
        assert not Path("list.clean.csv").exists()


class TestContactImport:
    @pytest.fixture(autouse=True)
    def campaign(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        Path("list.csv").write_text(LIST)

    def test_counts_what_is_on_each_registry(self, run: Run, imported: str) -> None:
        done = run("contacts", "import", "spring", "list.csv")
        assert done.exit_code == 0, done.stderr
        assert "2 of the numbers taken are on us_national" in done.stdout
        again = run("contacts", "import", "spring", "list.csv", "--scrub", "us_national", "--json")
        assert json.loads(again.stdout)["on_registries"].keys() == {"us_national"}

    def test_imports_nothing_when_a_registry_that_is_named_is_missing(
        self, run: Run, store: FakeStore
    ) -> None:
        done = run("contacts", "import", "spring", "list.csv", "--scrub", "uk_tps")
        assert (done.exit_code, "no registry 'uk_tps'" in done.stderr) == (1, True)
        assert not store.contacts.rows
