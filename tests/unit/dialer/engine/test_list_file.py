from pathlib import Path

import pytest

from dialer.engine.list_file import LONGEST_LINE, MOST_LINES, ListFile, Record, examine
from dialer.errors import BadInput

pytestmark = pytest.mark.unit


def rows(tmp_path: Path, content: bytes) -> list[tuple[int, list[str] | str]]:
    """(line, cells) for a record, (line, reason) for a refused row."""
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with ListFile(path, examine(path)) as file:
        found = list(file)
    return [(row.line, row.cells if isinstance(row, Record) else row.because) for row in found]


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (b"phone,name\n", "utf-8-sig", ","),
        ("\ufeffphone;name\n".encode(), "utf-8-sig", ";"),
        ("手机\t姓名\n".encode("gb18030"), "gb18030", "\t"),
        (b"phone|name\r\n", "utf-8-sig", "|"),
        (b'"a;b;c",phone\n', "utf-8-sig", ","),
        (b"\n\nphone\n", "utf-8-sig", ","),
    ],
)
def test_encoding_and_delimiter_are_found_out(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    shape = examine(path)
    assert (shape.encoding, shape.delimiter, shape.size) == (encoding, delimiter, len(content))


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "blank lines only"),
        (b"\n \r\n\n", "blank lines only"),
        (b"phone\n123\x00\n", "byte 9 is NUL"),
        ("phone\n".encode("utf-16"), "UTF-16"),
        (b"phone\n\xff\xff\xff\n", "byte 6 is not UTF-8"),
        (b"a" * 2_000_000 + b"\xc3(\xff", "byte 2000000 is not UTF-8"),
        (b"a" * (LONGEST_LINE + 1), "the header is longer"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes, because: str) -> None:
    with pytest.raises(BadInput, match=because):
        rows(tmp_path, content)


def test_a_character_across_two_pieces_is_no_error(tmp_path: Path) -> None:
    content = b"phone\n" + b"a" * ((1 << 20) - 7) + "电话\n".encode()
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert examine(path).encoding == "utf-8-sig"


def test_lines_are_physical_lines(tmp_path: Path) -> None:
    content = b'phone,name\r\n\r\n1,"two\nlines"\r\n2,x\n3,"a ""quoted"" word"'
    assert rows(tmp_path, content) == [
        (1, ["phone", "name"]),
        (3, ["1", "two\nlines"]),
        (5, ["2", "x"]),
        (6, ["3", 'a "quoted" word']),
    ]


def test_a_quote_left_open_costs_one_row(tmp_path: Path) -> None:
    content = b'phone,name\n1,"open\n2,x\n' + b"".join(
        b"%d,y\n" % nth for nth in range(3, 3 + 2 * MOST_LINES)
    )
    found = rows(tmp_path, content)
    assert found[1] == (2, f"a quote is opened and not closed within {MOST_LINES} lines")
    assert found[2] == (3, ["2", "x"])
    assert len(found) == 2 * MOST_LINES + 3


def test_a_quote_left_open_near_the_end_costs_one_row(tmp_path: Path) -> None:
    assert rows(tmp_path, b'phone,name\n1,"open\n2,x\n') == [
        (1, ["phone", "name"]),
        (2, "a quote is opened and never closed"),
        (3, ["2", "x"]),
    ]


def test_a_single_quote_inside_a_quoted_cell_costs_one_row(tmp_path: Path) -> None:
    assert rows(tmp_path, b'phone,name\n1,"5" pipe"\n2,x\n')[1:] == [
        (2, "a quote inside a quoted cell must be doubled"),
        (3, ["2", "x"]),
    ]


def test_an_endless_line_costs_one_row(tmp_path: Path) -> None:
    content = b"phone\n" + b"9" * (3 * LONGEST_LINE) + b"\n2\n"
    assert rows(tmp_path, content)[1:] == [
        (2, f"the line is longer than {LONGEST_LINE} characters"),
        (3, ["2"]),
    ]


def test_progress_is_in_bytes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"phone\n" + b"2025550123\n" * 10_000)
    with ListFile(path, examine(path)) as file:
        done = [file.bytes_done for _ in file]
    assert done == sorted(done)
    assert done[100] < done[-1] == path.stat().st_size
