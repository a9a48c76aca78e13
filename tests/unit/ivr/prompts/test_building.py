"""Builds that are repeated, broken off, changed; recordings; voices that fail."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ivr.errors import MissingPrompt, PromptsRefused
from ivr.flow.model import Flow
from ivr.flow.problems import FlowRefused
from ivr.prompts import FileBook, Settings, build, settings_of
from ivr.prompts.checking import findings, prune
from ivr.prompts.importing import take_in
from ivr.prompts.index import read_index
from ivr.prompts.settings import Voice
from ivr.prompts.sound import decoded
from ivr.prompts.synthesis import NoSynthesiser, synthesiser, voices
from ivr.spoken import Spoken
from tests.support.spoken_prompts import BUILT_IN, flow_of, stub_settings, tone, wav

pytestmark = pytest.mark.unit

HELLO = "  hello: {en: Hello there., zh: 您好。}"
GREETED = HELLO[:-1] + ", variants: {morning: {en: Good morning., zh: 早上好。}}}"


def codes(flow: Flow, folder: Path, settings: Settings) -> list[str]:
    return [one.code for one in findings(flow, folder, settings) if not one.prompt.startswith("builtin/")]


def test_only_what_is_not_there_is_made(tmp_path: Path) -> None:
    flow, voices = flow_of(GREETED), stub_settings(tmp_path)
    folder = tmp_path / "prompts"
    told: list[tuple[int, int]] = []
    first = build([flow], folder, voices, 1.0, progress=lambda done, total: told.append((done, total)))
    assert (first.made, first.kept, told) == (8, 0, [(number, 8) for number in range(1, 9)])
    files = {file: file.stat().st_mtime_ns for file in folder.glob("*/*.sln")}
    next(iter(files)).unlink()  # as when a build was broken off
    again = build([flow], folder, voices, 2.0)
    assert (again.made, again.kept) == (1, 7)
    assert sorted(files) == sorted(folder.glob("*/*.sln"))
    assert sum(file.stat().st_mtime_ns != when for file, when in files.items()) == 1


def test_other_words_another_voice_another_loudness(tmp_path: Path) -> None:
    voices, folder = stub_settings(tmp_path), tmp_path / "prompts"
    build([flow_of(HELLO)], folder, voices, 1.0)
    assert codes(flow_of(HELLO), folder, voices) == []
    changed = flow_of("  hello: {en: Hello you there., zh: 您好。}")
    assert codes(changed, folder, voices) == ["missing"]
    louder = replace(voices, loudness=16)
    assert codes(flow_of(HELLO), folder, louder) == ["stale", "stale"]
    assert build([flow_of(HELLO)], folder, louder, 1.0).made == 2 + BUILT_IN
    assert codes(flow_of(HELLO), folder, louder) == []
    slower = replace(
        voices, voices={**voices.voices, "en": Voice(kind="program", program=("cat", "other.wav"))}
    )
    assert codes(flow_of(HELLO), folder, slower) == ["stale", "stale"]  # both were made louder before


def test_all_formats_of_one_sound(tmp_path: Path) -> None:
    voices = stub_settings(tmp_path, ("slin", "ulaw", "alaw", "wav", "slin16", "g722"))
    built = build([flow_of(HELLO)], tmp_path / "prompts", voices, 1.0)
    assert (built.made, built.failed) == (2 + BUILT_IN, [])
    assert sorted({file.suffix for file in (tmp_path / "prompts/zh").iterdir()}) == [
        ".alaw", ".g722", ".sln", ".sln16", ".ulaw", ".wav",
    ]  # fmt: skip


# --- voices -----------------------------------------------------------------------------------------------------------


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    voices = Settings(voices=dict.fromkeys(("en", "zh"), Voice(kind="program", program=("no-such-voice",))))
    with pytest.raises(NoSynthesiser, match="no-such-voice is not on this machine"):
        build([flow_of(HELLO)], tmp_path / "prompts", voices, 1.0)
    assert not (tmp_path / "prompts/index.json").exists()


def test_espeak_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSynthesiser, match="install the package espeak-ng"):
        synthesiser(Settings(), "en").speak("Hello", "normal")


def test_a_voice_that_fails_for_one_language(tmp_path: Path) -> None:
    voices = stub_settings(tmp_path)
    broken = replace(voices, voices={**voices.voices, "zh": Voice(kind="program", program=("false",))})
    built = build([flow_of(HELLO)], tmp_path / "prompts", broken, 1.0)
    assert built.made == 1 + BUILT_IN // 2
    assert built.failed[-1] == "prompt hello in zh: false failed (1): no sound"
    assert codes(flow_of(HELLO), tmp_path / "prompts", broken) == ["missing"]


def test_text_never_becomes_an_argument() -> None:
    voice = Settings(voices={"en": Voice(kind="program", program=("cat",))})
    words = "$(touch /tmp/owned); --help `id`"
    assert synthesiser(voice, "en").speak(words, "normal") == words.encode()


@pytest.mark.parametrize(
    ("text", "language", "parts"),
    [
        ("For English press 2.", "zh", [("en", "For English press 2.")]),
        ("普通话请按1。", "en", [("zh", "普通话请按1。")]),
        ("请按1。", "zh", [("zh", "请按1。")]),
        ("12", "zh", [("zh", "12")]),
        (
            "登记专线。For English press 2. 再见。",
            "zh",
            [("zh", "登记专线。"), ("en", "For English press 2."), ("zh", "再见。")],
        ),
        ("光速E9，请按5。", "zh", [("zh", "光速"), ("en", "E"), ("zh", "9，请按5。")]),
    ],
)
def test_each_language_is_read_by_its_voice(text: str, language: str, parts: list[tuple[str, str]]) -> None:
    assert list(voices(text, language, Settings())) == parts
    other = Settings(
        voices={"zh": Voice(kind="http", url="https://speech.example.com")}
    )  # may know both by itself
    assert len(voices(text, language, other)) == 1


class _Speaks(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None, str | None]] = []  # noqa: RUF012
    status = 200

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((text, self.headers["Content-Language"], self.headers["Authorization"]))
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        if self.status == 200:
            self.wfile.write(wav(tone()))

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Speaks)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/say"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_service(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    speaker = synthesiser(Settings(voices={"zh": Voice(kind="http", url=service, token_env="SPEECH")}), "zh")
    with pytest.raises(NoSynthesiser, match="set SPEECH"):
        speaker.speak("您好", "normal")
    monkeypatch.setenv("SPEECH", "secret")
    samples, rate = decoded(speaker.speak("您好", "normal"))
    assert (len(samples), rate, _Speaks.asked[-1]) == (4_000, 8_000, ("您好", "zh", "Bearer secret"))
    for status in (302, 500):
        monkeypatch.setattr(_Speaks, "status", status)
        with pytest.raises(PromptsRefused, match=f"answered {status}"):
            speaker.speak("您好", "normal")


# --- recordings -------------------------------------------------------------------------------------------------------


def test_recordings_take_the_place_of_voices(tmp_path: Path) -> None:
    flow, voices, folder = flow_of(GREETED), stub_settings(tmp_path), tmp_path / "prompts"
    source = tmp_path / "studio"
    source.mkdir()
    (source / "hello.zh.wav").write_bytes(wav(tone(1.5)))
    (source / "hello.en.morning.sln").write_bytes(wav(tone(2.5))[44:])
    (source / "hello.en.wav").write_bytes(b"RIFF junk")
    (source / "goodbye.en.wav").write_bytes(wav(tone()))
    taken, wrong = take_in(flow, source, folder)
    assert [(one.prompt, one.language, one.variant) for one in taken] == [
        ("hello", "en", "morning"), ("hello", "zh", ""),
    ]  # fmt: skip
    assert "'goodbye.en' is no prompt of the flow" in wrong[0]
    assert "hello.en.wav: prompt hello in en: is no sound" in wrong[1]
    built = build([flow], folder, voices, 1.0)
    assert (built.made, built.failed) == (4 + BUILT_IN, [])
    heard = {text: one.seconds for text, one in built.index.recorded["line/zh"].items()}
    assert heard == {"您好。": pytest.approx(1.6, abs=0.01)}
    book = FileBook(folder)
    (sound,) = book.sounds(Spoken("您好。", "zh", pieces=("您好。",), flow="line"))
    assert Path(f"{sound}.sln").stat().st_size == pytest.approx(25_600, rel=0.01)
    assert book.sounds(Spoken("您好。", "zh", pieces=("您好。",), flow="line")) == [sound]
    with pytest.raises(MissingPrompt):  # another flow has voices and recordings of its own
        book.sounds(Spoken("您好。", "zh", pieces=("您好。",), flow="other"))


def test_a_csv_map_and_parts(tmp_path: Path) -> None:
    flow = flow_of(
        '  hello: {en: "Order {contact.order|number} is due.", zh: "订单{contact.order|number}到了。"}'
    )
    (tmp_path / "a.wav").write_bytes(wav(tone(0.4)))
    table = tmp_path / "map.csv"
    table.write_text(
        "file,prompt,language,variant,part\na.wav,hello,en,,2\na.wav,hello,en,,2\nb.wav,hello,zh,,1\n",
        "utf-8",
    )
    taken, wrong = take_in(flow, table, tmp_path / "prompts")
    assert [(one.language, one.part) for one in taken] == [("en", 2)]
    assert "another recording of hello.en.2" in wrong[0]
    assert "b.wav is not there" in wrong[1]


def test_a_recording_the_flow_names(tmp_path: Path) -> None:
    flow = flow_of("  hello: {en: {text: Hello., file: en/hello}, zh: 您好。}")
    voices, folder = stub_settings(tmp_path), tmp_path / "prompts"
    build([flow], folder, voices, 1.0)
    assert codes(flow, folder, voices) == ["no_recording"]
    place = folder / "recordings/en"
    place.mkdir(parents=True)
    (place / "hello.wav").write_bytes(wav(tone(0.8)))
    assert codes(flow, folder, voices) == ["stale"]
    build([flow], folder, voices, 2.0)
    assert codes(flow, folder, voices) == []
    (sound,) = FileBook(folder, "/sounds/ivr/").sounds(Spoken("Hello.", "en", "en/hello", pieces=("Hello.",)))
    assert sound.startswith("/sounds/ivr/en/")


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    flow = flow_of(
        HELLO + "\n  a/../../../../x: {en: Hello., zh: 您好。}",
        node="{type: hang_up, prompt: a/../../../../x}",
    )
    table = tmp_path / "map.csv"
    (tmp_path / "a.wav").write_bytes(wav(tone()))
    table.write_text("file,prompt,language\na.wav,a/../../../../x,en\n", "utf-8")
    with pytest.raises(PromptsRefused, match="leads out of"):
        take_in(flow, table, tmp_path / "deep/prompts")


# --- old versions -----------------------------------------------------------------------------------------------------


def test_nothing_goes_that_a_published_version_needs(tmp_path: Path) -> None:
    voices, folder = stub_settings(tmp_path), tmp_path / "prompts"
    old, new = flow_of(HELLO), flow_of("  hello: {en: Hello you., zh: 您好。}")
    draft = flow_of("  hello: {en: Never published., zh: 草稿。}")
    build([old, new, draft], folder, voices, 1.0)
    told = prune([old, new], folder, voices, 1e12)
    assert (len(told.files), told.removed, len(list(folder.glob("*/*.sln")))) == (2, 0, 5 + BUILT_IN)
    assert prune([old, new], folder, voices, 1e12, remove=True).removed == 0  # a call may be about to play it
    assert prune([old, new], folder, voices, 1e12 + 3_601, remove=True).removed == 2
    assert codes(old, folder, voices) == codes(new, folder, voices) == []
    assert codes(draft, folder, voices) == ["missing", "missing"]
    assert read_index(folder).dropped == {}


# --- settings and index -----------------------------------------------------------------------------------------------


def test_settings(tmp_path: Path) -> None:
    (tmp_path / "prompts.yaml").write_text(
        "formats: [ulaw, g722]\nloudness: 16\nvoices:\n  en: {kind: program, program: [piper, --model, joe.onnx]}\n"
        "lexicon: {zh: {重听: chong2 ting1}}\n",
        "utf-8",
    )
    read = settings_of(tmp_path)
    assert (read.formats, read.loudness, read.lexicon["zh"]) == (
        ("ulaw", "g722"),
        16,
        {"重听": "chong2 ting1"},
    )
    assert read.voice("en").program == ("piper", "--model", "joe.onnx")
    assert read.voice("zh").voice == "cmn-latn-pinyin"
    assert read.voice("de").voice == "de"


def test_the_manuals_settings_can_be_used(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[4] / "docs/ivr.md").read_text("utf-8")
    (example,) = re.findall(r"```\n(formats: .*?)```", manual, re.DOTALL)
    (tmp_path / "prompts.yaml").write_text(example, "utf-8")
    assert set(settings_of(tmp_path).voices) == {"en", "zh"}


@pytest.mark.parametrize(
    "text",
    [
        "formats: [mp3]",
        "voices: {en: {kind: program}}",
        "voice: x",
        "voices: {en: {url: 'file:///etc/passwd'}}",
    ],
)
def test_settings_that_are_wrong(text: str, tmp_path: Path) -> None:
    (tmp_path / "prompts.yaml").write_text(text, "utf-8")
    with pytest.raises(FlowRefused, match=r"prompts\.yaml"):
        settings_of(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"form": 1}', '{"form": 99}', '{"form": 1, "words": {"en": 3}}'])
def test_an_index_that_is_broken(text: str, tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(text, "utf-8")
    with pytest.raises(PromptsRefused, match=r"index\.json"):
        FileBook(tmp_path)


def test_the_index_is_plain_and_versioned(tmp_path: Path) -> None:
    voices, folder = stub_settings(tmp_path), tmp_path / "prompts"
    build([flow_of(HELLO)], folder, voices, 1.0)
    build([flow_of(HELLO)], folder, voices, 2.0)
    written = json.loads((folder / "index.json").read_text("utf-8"))
    assert (written["version"], set(written["words"])) == (2, {"en/normal", "zh/normal"})
    assert not list(folder.rglob(".index*"))
