"""`fairdial ivr prompts …` and `publish` as operators type them."""

import asyncio
import json
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner, Result

from ivr.cli.console import Elsewhere
from ivr.cli.main import commands
from ivr.errors import NotPublished
from ivr.publishing import FileStore
from tests.support.spoken_prompts import tone, wav
from tests.unit.ivr.prompts.conftest import Samples

pytestmark = pytest.mark.unit

FLOW = """
flow: line
title: {en: Line, zh: 热线}
languages: [en, zh]
start: only
contact_fields: {name: Bob}
prompts:
  hello: {en: "Hello {contact.name}, this is the line.", zh: "{contact.name}您好，这里是热线。"}
nodes:
  only: {type: hang_up, prompt: hello}
"""


class Desk:
    """A folder with a flow, and a voice that says a tone."""

    def __init__(self, folder: Path, ready: Path, program: tuple[str, ...]) -> None:
        self._ready, self._program = ready, program
        self.folder, self.flow, self.prompts = folder, folder / "line.yaml", folder / "sounds"
        self.flow.write_text(FLOW, "utf-8")
        self.store = ["--store", str(folder / "store")]

    def voice(self) -> None:
        self._ready.rename(self.prompts)
        voice = {"kind": "program", "program": self._program}
        (self.prompts / "prompts.yaml").write_text(
            json.dumps({"voices": {"en": voice, "zh": voice}}), "utf-8"
        )

    def ivr(self, *arguments: str, language: str = "en", elsewhere: Elsewhere | None = None) -> Result:
        spoken = commands(lambda: "zh" if language == "zh" else "en", elsewhere)
        return CliRunner().invoke(spoken, list(arguments), env={"FAIRDIAL_IVR_PROMPTS": str(self.prompts)})

    def elsewhere(self, *arguments: str) -> Result:
        """With a second store beside the folder."""
        return self.ivr(*arguments, elsewhere=lambda work: asyncio.run(work(FileStore(self.folder / "db"))))


@pytest.fixture
def desk(tmp_path: Path, samples: Samples, prepared: Path) -> Desk:
    return Desk(tmp_path, prepared, samples.settings.voice("en").program)


def test_list_build_check(desk: Desk) -> None:
    desk.voice()
    flow = str(desk.flow)
    before = desk.ivr("prompts", "check", flow)
    assert (before.exit_code, "hello.en.1\tmissing: nothing is heard\tHello" in before.output) == (1, True)
    built = desk.ivr("prompts", "build", flow, "--json")
    assert built.exit_code == 0, built.output
    assert json.loads(built.output)["failed"] == []
    again = desk.ivr("prompts", "build", flow)
    assert again.output.startswith("0 sound files made")
    listed = json.loads(desk.ivr("prompts", "list", flow, "--json").output)
    hello = next(one for one in listed if one["name"] == "hello.en.2")
    assert hello | {"file": ""} == {
        "prompt": "hello", "language": "en", "variant": "", "part": 2, "text": "this is the line.", "rate": "normal",
        "name": "hello.en.2", "file": "", "seconds": pytest.approx(1.6, abs=0.01), "source": "program:cat",
    }  # fmt: skip
    assert (desk.prompts / f"{hello['file']}.sln").exists()
    assert "hello.zh\t1.6 s" in desk.ivr("prompts", "list", flow).output
    after = desk.ivr("prompts", "check", flow)
    assert (after.exit_code, "0 missing" in after.output) == (0, True)
    codes = {one["code"] for one in json.loads(desk.ivr("prompts", "check", flow, "--json").output)}
    assert codes >= {"left_out"}
    assert "缺少 0 条" in desk.ivr("prompts", "check", flow, language="zh").output


def test_validate_tells_of_values_nobody_hears(desk: Desk) -> None:
    told = desk.ivr("validate", str(desk.flow))
    assert told.exit_code == 0
    assert "warning: {contact.name} in hello is heard only as a number or a code" in told.output


def test_publish_only_what_can_be_heard(desk: Desk) -> None:
    flow = str(desk.flow)
    unheard = desk.ivr("publish", flow, *desk.store)  # no folder of sounds: a place without telephone lines
    assert (unheard.exit_code, "nobody would hear" in unheard.stderr) == (0, True)
    desk.voice()
    refused = desk.ivr("publish", flow, *desk.store)
    assert refused.exit_code == 1
    assert "prompts build" in refused.stderr
    good = desk.ivr("publish", flow, "--build", *desk.store)
    assert (good.exit_code, "published" in good.output) == (0, True)
    assert desk.ivr("prompts", "check", *desk.store).output.endswith("1 flows: 0 missing, 2 other findings\n")
    assert desk.ivr("prompts", "build", "line@", *desk.store).output.startswith("0 sound files made")


def test_values_import_prune(desk: Desk) -> None:
    desk.voice()
    flow = str(desk.flow)
    names = desk.folder / "names.txt"
    names.write_text("Alice\n\n王女士\n", "utf-8")
    assert desk.ivr("publish", flow, "--build", *desk.store).exit_code == 0
    more = desk.ivr("prompts", "build", flow, "--values", str(names), "--json")
    assert json.loads(more.output)["made"] == 4
    studio = desk.folder / "studio"
    studio.mkdir()
    (studio / "hello.zh.1.wav").write_bytes(b"no sound")
    (studio / "hello.en.2.wav").write_bytes(wav(tone(2.0)))
    taken = desk.ivr("prompts", "import", flow, str(studio))
    assert (taken.exit_code, "1 recordings taken, 1 refused" in taken.output) == (1, True)
    assert "hello.zh.1.wav" in taken.stderr
    assert desk.ivr("prompts", "build", flow).output.startswith("1 sound files made")
    spare = json.loads(desk.ivr("prompts", "prune", *desk.store, "--json").output)
    assert len(spare["files"]) == 4 + 1  # the names, and the voice that the recording has replaced
    kept = json.loads(desk.ivr("prompts", "prune", *desk.store, "--values", str(names), "--json").output)
    assert len(kept["files"]) == 1
    assert desk.ivr("prompts", "prune", "--store", str(desk.folder / "elsewhere")).exit_code == 1


def test_prune_keeps_what_flows_that_are_published_elsewhere_need(desk: Desk) -> None:
    """Also an earlier version there: calls may still be on it."""
    desk.voice()
    assert desk.ivr("publish", str(desk.flow), "--build", *desk.store).exit_code == 0
    for words in ("An older line.", "Another line."):
        desk.flow.write_text(FLOW.replace("Hello {contact.name}, this is the line.", words), "utf-8")
        assert (
            desk.ivr("publish", str(desk.flow), "--build", "--store", str(desk.folder / "db")).exit_code == 0
        )
    kept = desk.elsewhere("prompts", "prune", "--remove", *desk.store, "--json")
    assert (kept.exit_code, json.loads(kept.output)["files"]) == (0, [])
    assert desk.elsewhere("prompts", "check", *desk.store).output.endswith(
        "2 flows: 0 missing, 3 other findings\n"
    )
    assert desk.elsewhere("prompts", "build", *desk.store).output.startswith("0 sound files made")
    spare = desk.ivr("prompts", "prune", *desk.store, "--json")  # of the folder's flow alone
    assert len(json.loads(spare.output)["files"]) == 2


def test_prune_removes_nothing_when_it_cannot_see_what_is_published_elsewhere(desk: Desk) -> None:
    desk.voice()
    assert desk.ivr("publish", str(desk.flow), "--build", *desk.store).exit_code == 0
    assert (
        desk.ivr("prompts", "build", str(desk.flow), "--values", str(desk.flow)).exit_code == 0
    )  # to be pruned
    before = (desk.prompts / "index.json").read_bytes()

    def away(work: object) -> NoReturn:
        raise NotPublished("the database is away")

    refused = desk.ivr("prompts", "prune", "--remove", *desk.store, elsewhere=away)
    assert (refused.exit_code, refused.stderr) == (1, "ivr: the database is away\n")
    assert (desk.prompts / "index.json").read_bytes() == before


def test_a_voice_that_is_not_there_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = desk.ivr("prompts", "build", str(desk.flow))
    assert done.exit_code == 1
    assert done.stderr == "ivr: espeak-ng is not on this machine: install the package espeak-ng\n"
