"""Reading lines: the quick way says what the exact one says, and both say what is wrong."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from dialer.domain.phone_number import BadNumber
from dialer.errors import BadInput
from dialer.registries.exact import ExactReader
from dialer.registries.layout import Layout, Wish, layout_of
from dialer.registries.lines import LineReader
from dialer.registries.numbering import Numbering

pytestmark = pytest.mark.unit

US = Numbering("US")
KEY = 12_025_550_100

pieces = some.sampled_from(
    [
        "2025550100",
        "202",
        "5550100",
        "+1",
        "+",
        "0",
        "44",
        "7911123456",
        '"',
        ",",
        ";",
        " ",
        "A",
        "D",
        "x",
        "-",
        "\r",
        "",
        "é",
    ]
)
lines = some.lists(some.lists(pieces, max_size=6).map("".join), min_size=1, max_size=12)
layouts = some.sampled_from(
    [
        layout_of(["2025550100"], Wish()),
        layout_of(["202,5550100"], Wish()),
        layout_of(["202,5550100,2026-11-01,A"], Wish()),
        layout_of(["id;phone;name"], Wish()),
        layout_of(["x"], Wish(fixed=True, number="2-11")),
        layout_of(["x"], Wish(fixed=True, number="1-10", change="11")),
    ]
)


def exactly(
    layout: Layout, numbering: Numbering, text: list[bytes]
) -> tuple[list[tuple[int, bool]], list[int]]:
    reader, good, bad = ExactReader(layout, numbering), [], []
    for place, line in enumerate(text):
        try:
            found = reader.read(line)
        except BadNumber:
            bad.append(place)
        else:
            good += [found] if found is not None else []
    return good, bad


@settings(deadline=None)
@given(lines, layouts, some.sampled_from(["US", "GB", "DE", "IT"]), some.booleans())
@example(["12345678901234567890123"], layout_of(["2025550100"], Wish()), "US", True)
@example(['"202","5550100"'], layout_of(["202,5550100"], Wish()), "US", False)
def test_the_quick_way_says_what_the_exact_one_says(
    written: list[str], layout: Layout, region: str, ends: bool
) -> None:
    text = "\n".join(written).encode() + b"\n" * ends
    physical = [line.removesuffix(b"\r") for line in text.split(b"\n")]
    numbering = Numbering(region)
    piece = LineReader(layout, numbering).read(text)
    good, bad = exactly(layout, numbering, physical)
    deleted = piece.deleted.tolist() if piece.deleted is not None else [False] * len(piece.keys)
    assert list(zip(piece.keys.tolist(), deleted, strict=True)) == good
    assert [each.line for each in piece.bad] == bad


@pytest.mark.parametrize(
    "text",
    [
        b"2025550100\n2025550101\n",
        b"2025550100\r\n2025550101\r\n",
        b"202,5550100\n202,5550101\n",
        b"+12025550100\n+12025550101",
        b"12025550100\n1 202 555 0101\n",
        b'"2025550100"\n"(202) 555-0101"\n',
        b"name;x;phone number\nAda;;2025550100\nBob;;202.555.0101\n",
        b"area_code,number\n202,5550100\n202,5550101\n",
        b"\n\n2025550100\n   \n2025550101\n\n",
        b'"Lovelace, Ada",2025550100\nBob,2025550101\n',
    ],
)
def test_what_publishers_write_is_read(text: bytes) -> None:
    layout = layout_of([line for line in text.decode().splitlines() if line.strip()], Wish())
    piece = LineReader(layout, US).read(text)
    assert piece.keys.tolist() == [KEY, KEY + 1]
    assert len(piece.bad) == layout.header


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("202555010", "9 digits: a number of \\+1 has 10"),
        ("20255501000", "11 digits"),
        ("1025550100", "area code begins with 0 or 1"),
        ("+442079460018", "another country"),
        ("202-CALL-NOW", "characters that no number has"),
        ("-", "no digits"),
    ],
)
def test_what_is_wrong_is_said(line: str, complaint: str) -> None:
    with pytest.raises(BadNumber, match=complaint):
        ExactReader(layout_of(["2025550100"], Wish()), US).read(line.encode())


@pytest.mark.parametrize(
    ("region", "line", "key"),
    [
        ("GB", "02079460018", 442079460018),
        ("GB", "2079460018", 442079460018),
        ("GB", "442079460018", 442079460018),
        ("IT", "0669812345", 390669812345),
        ("CN", "13800138000", 8613800138000),
        ("AU", "0412345678", 61412345678),
    ],
)
def test_numbers_of_other_countries_are_read_as_they_are_written_there(
    region: str, line: str, key: int
) -> None:
    piece = LineReader(layout_of([line], Wish()), Numbering(region)).read(f"{line}\n{line}\r\n".encode())
    assert piece.keys.tolist() == [key, key]


def test_changes_are_told_apart() -> None:
    layout = layout_of(["202,5550100,2026-11-01,A", "202,5550101,2026-11-01,D"], Wish())
    piece = LineReader(layout, US).read(
        b"202,5550100,x,A\n202,5550101,x,d\n202,5550102,x,Delete\n202,5550103,x,?\n"
    )
    assert piece.deleted is not None
    assert list(zip(piece.keys.tolist(), piece.deleted.tolist(), strict=True)) == [
        (KEY, False),
        (KEY + 1, True),
        (KEY + 2, True),
    ]
    assert [(each.line, each.because) for each in piece.bad] == [(3, "the change is neither A nor D")]


class TestLayout:
    def test_a_column_can_be_named_or_counted(self) -> None:
        assert layout_of(["a,b,c"], Wish(number="b")).number == 1
        assert layout_of(["7,2025550100,3125550100"], Wish(number="3")).number == 2

    @pytest.mark.parametrize(
        ("lines", "wish", "complaint"),
        [
            (["name,colour"], Wish(), "no column of numbers among name, colour"),
            (["name,colour"], Wish(number="phone"), "no column 'phone'"),
            (["2025550100"], Wish(number="2"), "from 1 to 1"),
            (["x"], Wish(fixed=True, number="10-1"), "FIRST-LAST"),
        ],
    )
    def test_what_cannot_be_found_is_said(self, lines: list[str], wish: Wish, complaint: str) -> None:
        with pytest.raises(BadInput, match=complaint):
            layout_of(lines, wish)


def test_there_must_be_such_a_region() -> None:
    with pytest.raises(ValueError, match="no region 'XX'"):
        Numbering("XX")
