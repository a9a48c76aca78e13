"""The registries of a running service: exchanged while in use, and shut when they cannot be read."""

from datetime import date
from pathlib import Path

import pytest

from dialer.domain.phone_number import PhoneNumber
from dialer.errors import NotFound
from dialer.ports.registries import RegistryBook
from dialer.registries.book import Registries
from dialer.registries.importer import import_registry
from dialer.registries.memory import MemoryRegistries
from dialer.registries.order import ImportOrder
from dialer.registries.shelf import RegistryFolder
from tests.support.fake_store import FakeClock

pytestmark = pytest.mark.unit

NAME = "us_national"
LISTED, OTHER, ABROAD = PhoneNumber("+12025550100"), PhoneNumber("+12025550101"), PhoneNumber("+442079460018")


class Shelf:
    """Puts registries where the book looks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder / "registries", FakeClock()
        self._files = folder

    def book(self) -> Registries:
        return Registries(self.folder, self.clock)

    def put(self, as_of: date, *numbers: str, name: str = NAME) -> str:
        file = self._files / "list"
        file.write_text("\n".join(numbers))
        done = import_registry(self.folder, ImportOrder(name, as_of, (file,), accept=True), self.clock)
        self.clock.go_on(2)
        return done.version


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture(params=["files", "memory"])
def book(request: pytest.FixtureRequest, shelf: Shelf) -> RegistryBook:
    """With `us_national` of one number and `us_texas` of another."""
    if request.param == "files":
        shelf.put(date(2026, 2, 20), LISTED.e164)
        shelf.put(date(2026, 2, 25), OTHER.e164, name="us_texas")
        return shelf.book()
    memory = MemoryRegistries()
    memory.put("us_texas", date(2026, 2, 25), [OTHER.e164])
    memory.put(NAME, date(2026, 2, 20), [LISTED.e164])
    return memory


class TestEveryBook:
    """What the port promises."""

    def test_each_registry_answers_in_the_order_of_their_names(self, book: RegistryBook) -> None:
        versions = book.registries()
        assert [(each.registry, each.as_of, each.numbers, each.readable) for each in versions] == [
            (NAME, date(2026, 2, 20), 1, True),
            ("us_texas", date(2026, 2, 25), 1, True),
        ]
        said = book.listings(LISTED)
        assert [(each.registry, each.version, each.as_of) for each in said] == [
            (each.registry, each.version, each.as_of) for each in versions
        ]
        assert [each.listed for each in said] == [True, False]
        assert [each.listed for each in book.listings(ABROAD)] == [False, False]

    def test_many_at_once_say_the_same(self, book: RegistryBook) -> None:
        numbers = [OTHER, LISTED, ABROAD, LISTED]
        assert list(book.listed_among(NAME, numbers)) == [False, True, False, True]
        assert list(book.listed_among(NAME, [])) == []

    def test_a_registry_that_was_never_imported_is_an_error(self, book: RegistryBook) -> None:
        with pytest.raises(NotFound, match="no registry 'uk_tps'"):
            book.listed_among("uk_tps", [LISTED])


def test_age_counts_from_the_publishers_day(book: RegistryBook) -> None:
    assert [each.age_days(date(2026, 3, 23)) for each in book.registries()] == [31, 26]


def test_without_any_there_is_nothing_to_say(shelf: Shelf) -> None:
    assert (shelf.book().registries(), shelf.book().listings(LISTED)) == ([], [])


def test_a_new_version_is_noticed_and_the_old_one_answers_until_then(shelf: Shelf) -> None:
    first = shelf.put(date(2026, 2, 20), LISTED.e164)
    book = shelf.book()
    assert [each.version for each in book.listings(LISTED)] == [first]
    shelf.clock.seconds -= 2  # within the second
    second = shelf.put(date(2026, 2, 27), OTHER.e164)
    shelf.clock.seconds -= 2
    assert [(each.version, each.listed) for each in book.listings(LISTED)] == [(first, True)]
    shelf.clock.go_on(4)
    assert [(each.version, each.listed) for each in book.listings(LISTED)] == [(second, False)]


class TestUnreadable:
    """Nobody is cleared by a registry that cannot be read."""

    @pytest.fixture
    def version(self, shelf: Shelf) -> str:
        return shelf.put(date(2026, 2, 20), LISTED.e164)

    def closed(self, book: Registries) -> str:
        assert [(each.listed, each.readable) for each in book.listings(OTHER)] == [(True, False)]
        assert list(book.listed_among(NAME, [OTHER, LISTED])) == [True, True]
        (about,) = book.registries()
        assert not about.readable
        return about.problem

    def test_when_the_file_is_gone(self, shelf: Shelf, version: str) -> None:
        book = shelf.book()
        assert not book.listings(OTHER)[0].listed
        RegistryFolder(shelf.folder, NAME).index(version).unlink()
        shelf.clock.go_on(2)
        assert "No such file" in self.closed(book)

    def test_when_all_of_it_is_gone(self, shelf: Shelf, version: str) -> None:
        book = shelf.book()
        book.listings(OTHER)
        shelf.folder.rename(shelf.folder.with_name("away"))
        shelf.clock.go_on(2)
        assert "never imported" in self.closed(book)
        shelf.folder.with_name("away").rename(shelf.folder)
        shelf.clock.go_on(2)
        assert book.listings(OTHER)[0].readable

    def test_when_it_was_cut_short(self, shelf: Shelf, version: str) -> None:
        book = shelf.book()
        index = RegistryFolder(shelf.folder, NAME).index(version)
        index.write_bytes(index.read_bytes()[:-8])
        assert "instead of" in self.closed(book)

    def test_when_the_pointer_is_nonsense(self, shelf: Shelf, version: str) -> None:
        RegistryFolder(shelf.folder, NAME).pointer.write_text("../../etc/passwd\n")
        assert "names no version" in self.closed(shelf.book())

    def test_when_its_checksum_is_wrong(self, shelf: Shelf, version: str) -> None:
        index = RegistryFolder(shelf.folder, NAME).index(version)
        content = bytearray(index.read_bytes())
        content[-8] ^= 1
        index.write_bytes(content)
        book = shelf.book()
        assert book.listings(OTHER)[0].readable, "opening does not read it all"
        book.verify()
        assert "content has changed" in self.closed(book)

    def test_until_it_is_imported_again(self, shelf: Shelf, version: str) -> None:
        book = shelf.book()
        RegistryFolder(shelf.folder, NAME).index(version).write_bytes(b"")
        self.closed(book)
        assert shelf.put(date(2026, 2, 20), LISTED.e164) == version
        book.verify()
        assert [each.listed for each in book.listings(OTHER)] == [False]

    def test_in_memory(self) -> None:
        book = MemoryRegistries()
        book.put(NAME, date(2026, 2, 20), [LISTED.e164])
        book.spoil(NAME, "damaged")
        assert [(each.listed, each.readable) for each in book.listings(OTHER)] == [(True, False)]
        assert book.registries()[0].problem == "damaged"
