"""Announcements of an imaginary carrier, spoken by espeak-ng in one frame for all classes: no operator's recordings.

As on real networks the sentences begin alike, "the number you have dialled …", and differ in their last words; the worst
case for whoever compares sounds. Mandarin is written in pinyin, the voice that reads characters is broken in espeak-ng 1.51.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from dialer.domain.announcements import Announcement as A
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.voices import Sound, Synthesizer

_SPEED = 160
_GAP_S = 0.8

_ENGLISH = "Sorry, the number you have dialled "
_MANDARIN = "dui4 bu5 qi3, nin2 bo1 da3 de5 "

SAID: Mapping[str, Mapping[A, str]] = {
    "en": {
        A.VACANT: f"{_ENGLISH}does not exist.",
        A.CHANGED: f"{_ENGLISH}has been changed.",
        A.SUSPENDED: f"{_ENGLISH}is out of service.",
        A.ARREARS: f"{_ENGLISH}has been suspended for unpaid bills.",
        A.PAUSED: f"{_ENGLISH}is temporarily not in service.",
        A.POWERED_OFF: f"{_ENGLISH}is powered off.",
        A.UNREACHABLE: f"{_ENGLISH}cannot be reached.",
        A.OUT_OF_COVERAGE: f"{_ENGLISH}is out of coverage.",
        A.IN_CALL: f"{_ENGLISH}is in another call.",
        A.USER_BUSY: f"{_ENGLISH}is busy now.",
        A.REJECTED: f"{_ENGLISH}does not take your call.",
        A.NO_ANSWER: f"{_ENGLISH}does not answer.",
        A.BARRED: f"{_ENGLISH}does not allow incoming calls.",
        A.FORWARD_FAILED: f"{_ENGLISH}could not be forwarded.",
        A.CALL_REMINDER: f"{_ENGLISH}will be told of your call by message.",
        A.NETWORK_BUSY: "Sorry, the network is busy. Please try again later.",
        A.LINE_FAULT: "Sorry, your call cannot be completed because of a line fault.",
    },
    "zh": {
        A.VACANT: f"{_MANDARIN}hao4 ma3 shi4 kong1 hao4.",
        A.CHANGED: f"{_MANDARIN}hao4 ma3 yi3 gai3 hao4.",
        A.SUSPENDED: f"{_MANDARIN}dian4 hua4 yi3 ting2 ji1.",
        A.ARREARS: f"{_MANDARIN}dian4 hua4 yi3 qian4 fei4.",
        A.PAUSED: f"{_MANDARIN}dian4 hua4 zan4 ting2 fu2 wu4.",
        A.POWERED_OFF: f"{_MANDARIN}dian4 hua4 yi3 guan1 ji1.",
        A.UNREACHABLE: f"{_MANDARIN}dian4 hua4 zan4 shi2 wu2 fa3 jie1 tong1.",
        A.OUT_OF_COVERAGE: f"{_MANDARIN}dian4 hua4 bu2 zai4 fu2 wu4 qu1.",
        A.IN_CALL: f"{_MANDARIN}dian4 hua4 zheng4 zai4 tong1 hua4 zhong1.",
        A.USER_BUSY: f"{_MANDARIN}yong4 hu4 zheng4 mang2.",
        A.REJECTED: f"{_MANDARIN}yong4 hu4 yi3 ju4 jie1.",
        A.NO_ANSWER: f"{_MANDARIN}dian4 hua4 zan4 shi2 wu2 ren2 jie1 ting1.",
        A.BARRED: f"{_MANDARIN}dian4 hua4 yi3 she4 zhi4 hu1 ru4 xian4 zhi4.",
        A.FORWARD_FAILED: f"{_MANDARIN}dian4 hua4 hu1 jiao4 zhuan3 yi2 shi1 bai4.",
        A.CALL_REMINDER: "dui4 fang1 yi3 kai1 tong1 lai2 dian4 ti2 xing3, nin2 de5 hu1 jiao4 jiang1 yi3 duan3 xin4 tong1 zhi1.",
        A.NETWORK_BUSY: "dui4 bu5 qi3, wang3 luo4 mang2, qing3 shao1 hou4 zai4 bo1.",
        A.LINE_FAULT: "dui4 bu5 qi3, nin2 suo3 bo1 jiao4 de5 xian4 lu4 gu4 zhang4.",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Announced:
    """One announcement, once, 8 kHz, without silence at its ends."""

    voice: Synthesizer
    announcement: A

    @property
    def name(self) -> str:
        return f"{self.voice.name} {self.announcement}"

    def sound(self) -> Sound:
        return self.voice.say(SAID[self.voice.language][self.announcement], _SPEED)


def carrier(*voices: Synthesizer) -> list[Announced]:
    """All classes in each of the voices."""
    return [Announced(voice, each) for voice in voices for each in SAID[voice.language]]


@cache
def voices() -> tuple[Synthesizer, ...]:
    """Of the carrier: two in English, two in Mandarin."""
    zh, en = "cmn-latn-pinyin", "en-gb"
    return tuple(
        Synthesizer(f"espeak-ng {called} {variant}", language, "espeak-ng", f"{called}+{variant}")
        for language, called, variant in (
            ("en", en, "f3"), ("en", en, "m4"), ("zh", zh, "f3"), ("zh", zh, "m4"),
        )
    )  # fmt: skip


def over_and_over(once: Sound, seconds: float, start_s: float = 0.0) -> Sound:
    """Repeated with pauses, as carriers do, from `start_s` into it."""
    period = np.concatenate([once, np.zeros(round(_GAP_S * RATE), np.float32)])
    start = round(start_s * RATE) % len(period)
    return np.resize(np.roll(period, -start), round(seconds * RATE))
