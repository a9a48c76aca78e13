from collections.abc import Mapping
from pathlib import Path

import pytest

from dialer.clock import SystemClock
from dialer.domain.ids import CampaignId
from dialer.engine.list_walk import BATCH
from dialer.engine.lists import ImportReport, import_file
from dialer.errors import BadInput, NotFound
from tests.integration.storage.rig import Rig

pytestmark = pytest.mark.postgres


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def write(file: Path, content: str | bytes) -> int:
    return file.write_bytes(content.encode() if isinstance(content, str) else content)


async def take(
    rig: Rig, file: Path, content: str | bytes, mapping: Mapping[str, str] | None = None
) -> ImportReport:
    write(file, content)
    return await import_file(rig.store.contacts, rig.campaign, file, "US", SystemClock(), mapping=mapping)


async def test_good_rows_go_in_and_the_others_come_back_with_line_and_reason(rig: Rig, file: Path) -> None:
    report = await take(
        rig,
        file,
        "id,phone1,phone2,name,colour\n"
        "a,2025550101,2025550102,Ada,red\n"
        "b,123,,Bob,\n"
        '"c",2025550103,,"Two\nlines",\n'
        "d,2025550102,,Dan,\n"
        "a,2025550104,,Eve,\n"
        "f,2025550106,2025550106,Fay,\n",
    )
    assert (report.read, report.taken, report.refused) == (6, 3, 3)
    assert [(row.line, row.because) for row in report.rows] == [
        (3, "phone 1: wrong length for its country"),
        (6, "the number is on line 2 already"),
        (7, "the external id is on line 2 already"),
    ]
    contacts = await rig.store.contacts.contacts(rig.campaign, None, 10)
    assert [(each.name, len(each.numbers)) for each in contacts] == [
        ("Ada", 2),
        ("Two\nlines", 1),
        ("Fay", 1),
    ]
    assert await rig.all("select attributes from contacts order by id limit 1") == [({"colour": "red"},)]
    assert await rig.all("select rows_read, rows_taken, rows_refused from contact_lists") == [(6, 3, 3)]
    assert len(await rig.claim(10, SystemClock().now())) == 3


async def test_the_same_file_again_adds_nothing(rig: Rig, file: Path) -> None:
    content = "phone\n" + "".join(f"202555{nth:04}\n" for nth in range(BATCH + 500))
    first = await take(rig, file, content)
    again = await take(rig, file, content)
    assert (first.taken, again.taken, again.refused) == (BATCH + 500, 0, BATCH + 500)
    assert again.rows[0].because == "the number is in the campaign already"
    assert await rig.all("select count(*) from contacts") == [(BATCH + 500,)]


async def test_a_duplicate_in_a_later_batch_is_found(rig: Rig, file: Path) -> None:
    content = "phone\n" + "".join(f"202555{nth:04}\n" for nth in range(BATCH)) + "2025550000\n"
    report = await take(rig, file, content)
    assert [(row.line, row.because) for row in report.rows] == [
        (BATCH + 2, "the number is earlier in this list already")
    ]


async def test_the_same_number_may_be_in_two_campaigns(rig: Rig, file: Path) -> None:
    await take(rig, file, "phone\n2025550101\n")
    other = await Rig.set_up(rig.store, "autumn")
    assert (await take(other, file, "phone\n2025550101\n")).taken == 1


async def test_chinese_lists_in_the_old_encoding_are_read(rig: Rig, file: Path) -> None:
    report = await take(rig, file, "手机;姓名\n+86 13800138000;王芳\n".encode("gb18030"))
    assert (report.taken, report.encoding, report.delimiter) == (1, "gb18030", ";")
    (contact,) = await rig.store.contacts.contacts(rig.campaign, None, 10)
    assert contact.name == "王芳"


async def test_a_mapping_names_the_columns(rig: Rig, file: Path) -> None:
    assert (await take(rig, file, "nr,text\n2025550101,x\n", {"nr": "phone"})).taken == 1


async def test_a_header_alone_is_an_empty_list(rig: Rig, file: Path) -> None:
    report = await take(rig, file, "phone,name\n")
    assert (report.read, report.taken, report.refused) == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "empty"),
        (b"name\nAda\n", "no column of phone numbers"),
        (b"2025550101\n2025550102\n", "no header"),
        (b'"phone\n', "the header cannot be read"),
        (b"PK\x03\x04\x00\x00", "NUL"),
    ],
)
async def test_a_file_that_is_no_list_leaves_no_trace(
    rig: Rig, file: Path, content: bytes, because: str
) -> None:
    with pytest.raises(BadInput, match=because):
        await take(rig, file, content)
    assert await rig.all("select * from contact_lists") == []


async def test_a_campaign_that_does_not_exist_is_not_found(rig: Rig, file: Path) -> None:
    write(file, "phone\n2025550101\n")
    with pytest.raises(NotFound):
        await import_file(rig.store.contacts, CampaignId(99), file, "US", SystemClock())


async def test_progress_ends_at_the_whole(rig: Rig, file: Path) -> None:
    seen: list[tuple[int, int, int, int]] = []
    size = write(file, "phone\n" + "".join(f"202555{nth:04}\n" for nth in range(BATCH + 1)) + "bad\n")
    await import_file(
        rig.store.contacts, rig.campaign, file, "US", SystemClock(), progress=lambda *now: seen.append(now)
    )
    assert seen[0][2:] == (BATCH, 0)
    assert seen[-1] == (size, size, BATCH + 1, 1)
