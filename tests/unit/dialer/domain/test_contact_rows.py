import pytest

from dialer.domain.contact_rows import NewContact, RefusedRow, RowReader, columns_of
from dialer.errors import BadInput

pytestmark = pytest.mark.unit


def read(header: str, row: str, mapping: dict[str, str] | None = None) -> NewContact | RefusedRow:
    return RowReader(columns_of(header.split(","), mapping), "US").read(7, row.split(","))


def taken(header: str, row: str, mapping: dict[str, str] | None = None) -> NewContact:
    contact = read(header, row, mapping)
    assert isinstance(contact, NewContact), contact
    return contact


@pytest.mark.parametrize(
    "title", ["phone", "Phone", "phone1", "mobile", "tel", "Number", "电话", "手机", "号码", "Phone Number"]
)
def test_phone_columns_are_recognised(title: str) -> None:
    assert taken(title, "(202) 555-0123").numbers[0].number.e164 == "+12025550123"


def test_every_field_finds_its_place() -> None:
    contact = taken(
        "id,姓名,phone1,phone2,Language,time zone,priority,Colour",
        "17, Ada ,2025550123,+8613800138000,ZH,Asia/Shanghai,5,red",
    )
    assert (contact.line, contact.external_id, contact.name, contact.language) == (7, "17", "Ada", "zh")
    assert [each.number.e164 for each in contact.numbers] == ["+12025550123", "+8613800138000"]
    assert contact.numbers[0].zones == ("America/New_York",)
    assert (contact.zone, contact.priority, contact.attributes) == ("Asia/Shanghai", 5, {"Colour": "red"})


def test_a_mapping_wins_over_the_names() -> None:
    contact = taken("kontakt,name,nr", "Ada,x,2025550123", {"kontakt": "name", "nr": "phone"})
    assert (contact.name, contact.attributes) == ("Ada", {"name": "x"})


def test_a_number_listed_twice_counts_once() -> None:
    assert len(taken("phone1,phone2", "2025550123,+1 202 555 0123").numbers) == 1


def test_a_bad_number_beside_a_good_one_is_a_remark() -> None:
    reader = RowReader(columns_of(["phone1", "phone2", "phone3"]), "US")
    row = reader.read(7, ["123", "n/a", "2025550123"])
    assert isinstance(row, NewContact)
    assert [remark.line for remark in reader.remarks] == [7]
    assert "phone 1" in reader.remarks[0].because


def test_a_short_row_has_empty_cells() -> None:
    assert taken("phone,name", "2025550123").name == ""


@pytest.mark.parametrize(
    ("header", "row", "because"),
    [
        ("phone", "123", "phone 1: wrong length"),
        ("phone", "", "has no phone number"),
        ("phone,name", "n/a,Ada", "has no phone number"),
        ("phone,zone", "2025550123,Mars/Olympus", "no time zone 'Mars/Olympus'"),
        ("phone,zone", "2025550123,../../etc/passwd", "no time zone"),
        ("phone,priority", "2025550123,high", "priority 'high'"),
        ("phone,priority", "2025550123,9999999", "must be a whole number from -1000 to 1000"),
        ("phone", "2025550123,extra", "has 2 cells, the header has 1"),
    ],
)
def test_a_row_is_refused_with_its_reason(header: str, row: str, because: str) -> None:
    refused = read(header, row)
    assert isinstance(refused, RefusedRow)
    assert refused.line == 7
    assert because in refused.because


@pytest.mark.parametrize(
    ("header", "mapping", "because"),
    [
        ("name,colour", None, "no column of phone numbers among name, colour"),
        ("2025550123,Ada", None, "no header"),
        (",,", None, "header is empty"),
        ("phone,phone", None, "'phone' appears twice"),
        ("phone,name,姓名", None, "two columns are name"),
        ("phone", {"fone": "phone"}, "names a column 'fone'"),
        ("phone", {"phone": "fone"}, "names a field 'fone'"),
    ],
)
def test_a_header_is_refused_with_its_reason(
    header: str, mapping: dict[str, str] | None, because: str
) -> None:
    with pytest.raises(BadInput, match=because):
        columns_of(header.split(","), mapping)
