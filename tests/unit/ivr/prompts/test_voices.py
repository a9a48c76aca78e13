"""The voices everybody has: espeak-ng in both languages, measured."""

from pathlib import Path

import numpy as np
import pytest

from ivr.prompts import Settings, build
from ivr.prompts.pinyin import numbers_written, pinyin
from tests.support.spoken_prompts import flow_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("language", "least", "most"), [("en", 2.0, 5.0), ("zh", 2.0, 5.5)])
def test_speech(language: str, least: float, most: float, tmp_path: Path) -> None:
    flow = flow_of(
        "  hello: {en: For an agent press 0. To hear this again press star., zh: 人工服务请按0，重听请按星号键。}"
    )
    built = build([flow], tmp_path, Settings(), 1.0)
    assert built.failed == []
    (entry,) = [
        one for text, one in built.index.words[f"{language}/normal"].items() if "star" in text or "星" in text
    ]
    samples = np.frombuffer((tmp_path / f"{entry.file}.sln").read_bytes(), "<i2") / 32768
    assert least < entry.seconds < most
    assert entry.seconds == pytest.approx(len(samples) / 8_000, abs=0.001)
    frames = np.sqrt((samples[: len(samples) // 80 * 80].reshape(-1, 80) ** 2).mean(axis=1))
    voiced = frames[frames > frames.max() / 18]
    assert 20 * np.log10(np.sqrt((voiced**2).mean())) == pytest.approx(-19, abs=1.5)
    assert np.abs(samples).max() <= 10 ** (-3 / 20) + 0.001
    assert frames[:3].max() < frames.max() / 20  # it begins with silence
    assert len(voiced) > len(frames) * 0.4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("请按1，重听请按0。", "qing3 an4 yi1 , chong2 ting1 qing3 an4 ling2 ."),
        ("10分最好", "shi2 fen1 zui4 hao3"),
        ("一个不要", "yi2 ge4 bu2 yao4"),
        ("银行行长", "yin2 hang2 hang2 zhang3"),
        ("两千", "liang3 qian1"),
    ],
)
def test_chinese_is_written_in_pinyin(text: str, said: str) -> None:
    assert pinyin(text).split() == said.split()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026年3月5日", "二零二六年三月五日"),
        ("95588", "九五五八八"),
        ("满100元减8.5元", "满一百元减八点五元"),
        ("优惠20%", "优惠百分之二十"),
        ("输入007", "输入零零七"),
        ("两点半输入1430。", "两点半输入一四三零。"),
        ("请拨打114或10086", "请拨打幺幺四或一零零八六"),
        ("每月169或199元", "每月一百六十九或一百九十九元"),
    ],
)
def test_numbers_in_chinese_are_written_out(text: str, written: str) -> None:
    assert numbers_written(text) == written


def test_a_reading_of_ones_own() -> None:
    assert pinyin("请联系曾先生", {"曾": "zeng1"}).split()[3] == "zeng1"


def test_two_voices_in_one_sound(tmp_path: Path) -> None:
    both = flow_of("  hello: {en: Hello., zh: 登记专线。For English press 2.}")
    built = build([both], tmp_path, Settings(), 1.0)
    entry = built.index.words["zh/normal"]["登记专线。For English press 2."]
    assert entry.source == "espeak:cmn-latn-pinyin+espeak:en-us"
    assert 1.8 < entry.seconds < 4.5
