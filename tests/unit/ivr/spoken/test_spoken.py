"""What a synthesiser is told to say: numbers, amounts, dates, times and telephone numbers in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.expressions import Value
from ivr.spoken import FORMATS, speak
from ivr.spoken.english import whole as english
from ivr.spoken.mandarin import DIGITS, counted, ordinal
from ivr.spoken.mandarin import whole as mandarin

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "零", "zero"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (20, "二十", "twenty"),
        (22, "二十二", "twenty-two"),
        (99, "九十九", "ninety-nine"),
        (100, "一百", "one hundred"),
        (101, "一百零一", "one hundred and one"),
        (110, "一百一十", "one hundred and ten"),
        (112, "一百一十二", "one hundred and twelve"),
        (200, "两百", "two hundred"),
        (202, "两百零二", "two hundred and two"),
        (1001, "一千零一", "one thousand and one"),
        (1010, "一千零一十", "one thousand and ten"),
        (1100, "一千一百", "one thousand one hundred"),
        (2222, "两千两百二十二", "two thousand two hundred and twenty-two"),
        (10_000, "一万", "ten thousand"),
        (10_012, "一万零一十二", "ten thousand and twelve"),
        (12_000, "一万两千", "twelve thousand"),
        (20_002, "两万零二", "twenty thousand and two"),
        (100_010, "十万零一十", "one hundred thousand and ten"),
        (120_000, "十二万", "one hundred and twenty thousand"),
        (1_020_000, "一百零二万", "one million twenty thousand"),
        (10_001_000, "一千万一千", "ten million one thousand"),
        (100_000_000, "一亿", "one hundred million"),
        (100_010_000, "一亿零一万", "one hundred million ten thousand"),
        (200_000_002, "两亿零二", "two hundred million and two"),
        (-5, "负五", "minus five"),
        ("3.14", "三点一四", "three point one four"),
        ("-0.5", "负零点五", "minus zero point five"),
        ("2.0", "二", "two"),
        ("007", "七", "seven"),
    ],
)
def test_numbers(value: Value, zh: str, en: str) -> None:
    assert (speak(value, "number", "zh"), speak(value, "number", "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "currency", "zh", "en"),
    [
        ("0", "CNY", "零元", "zero yuan"),
        ("2", "CNY", "两元", "two yuan"),
        ("12.34", "CNY", "十二元三角四分", "twelve point three four yuan"),
        ("1.05", "CNY", "一元零五分", "one point zero five yuan"),
        ("0.5", "CNY", "五角", "zero point five yuan"),
        ("0.02", "CNY", "两分", "zero point zero two yuan"),
        ("-2.2", "CNY", "负两元两角", "minus two point two yuan"),
        ("1", "USD", "一美元", "one dollar"),
        ("2.50", "USD", "两美元五十美分", "two dollars and fifty cents"),
        ("0.01", "USD", "一美分", "one cent"),
        ("1000", "GBP", "一千英镑", "one thousand pounds"),
        ("0.02", "GBP", "两便士", "two pence"),
        ("300", "JPY", "三百日元", "three hundred yen"),
        ("-3", "EUR", "负三欧元", "minus three euros"),
    ],
)
def test_money(value: Value, currency: str, zh: str, en: str) -> None:
    assert (speak(value, "money", "zh", currency), speak(value, "money", "en", currency)) == (zh, en)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("13800138000", "幺三八，零零幺三，八零零零", "one three eight, zero zero one three, eight zero zero zero"),
        ("+8613800138000", "幺三八，零零幺三，八零零零", "one three eight, zero zero one three, eight zero zero zero"),
        ("10086", "幺零零八六", "one zero zero eight six"),
        ("+44 20 7946 0000", "加四四二零，七九四六，零零零零",
         "plus four four two zero, seven nine four six, zero zero zero zero"),
        ("+12125550100", "二幺二，五五五，零幺零零", "two one two, five five five, zero one zero zero"),
        ("010-1234567", "零幺，零幺二三，四五六七", "zero one, zero one two three, four five six seven"),
        ("anonymous", "anonymous", "anonymous"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_telephone_numbers(value: str, zh: str, en: str) -> None:
    assert (speak(value, "phone", "zh"), speak(value, "phone", "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "how", "zh", "en"),
    [
        ("2026-03-02", "date", "二零二六年三月二日，星期一", "Monday the second of March, twenty twenty-six"),
        ("20001231", "date", "二零零零年十二月三十一日，星期日", "Sunday the thirty-first of December, two thousand"),
        ("2005-01-20", "date", "二零零五年一月二十日，星期四", "Thursday the twentieth of January, two thousand and five"),
        ("1905-10-12", "date", "一九零五年十月十二日，星期四", "Thursday the twelfth of October, nineteen oh five"),
        ("1900-05-03", "date", "一九零零年五月三日，星期四", "Thursday the third of May, nineteen hundred"),
        ("2026-02-30", "date", "2026-02-30", "2026-02-30"),
        ("00:00", "time", "凌晨零点", "midnight"),
        ("02:05", "time", "凌晨两点零五分", "two oh five a.m."),
        ("0930", "time", "上午九点半", "nine thirty a.m."),
        ("12:00", "time", "中午十二点", "noon"),
        ("12:15", "time", "中午十二点十五分", "twelve fifteen p.m."),
        ("14:00", "time", "下午两点", "two p.m."),
        ("23:59", "time", "晚上十一点五十九分", "eleven fifty-nine p.m."),
        ("24:00", "time", "24:00", "24:00"),
        ("2026-03-02T14:30", "moment", "二零二六年三月二日，星期一，下午两点半",
         "Monday the second of March, twenty twenty-six at two thirty p.m."),
        ("1024", "digits", "一零二四", "one zero two four"),
        ("3", "ordinal", "第三", "third"),
        ("21", "ordinal", "第二十一", "twenty-first"),
        ("112", "ordinal", "第一百一十二", "one hundred and twelfth"),
        ("40", "ordinal", "第四十", "fortieth"),
        ("-3", "ordinal", "-3", "-3"),
    ],
)  # fmt: skip
def test_dates_times_digits(value: str, how: str, zh: str, en: str) -> None:
    assert (speak(value, how, "zh"), speak(value, how, "en")) == (zh, en)


def test_before_a_measure_word_two_is_liang_and_in_a_row_it_is_not() -> None:
    assert (counted(2), counted(12), ordinal(2)) == ("两", "十二", "第二")


def test_other_languages_hear_what_is_written() -> None:
    assert speak("13800138000", "phone", "yue") == "13800138000"


def _read_mandarin(words: str) -> int:
    """The number that Mandarin words name: the way back, written independently."""
    units = {"十": 10, "百": 100, "千": 1000}
    total = section = digit = 0
    for char in words.removeprefix("负").replace("两", "二"):
        if char in DIGITS:
            digit = DIGITS.index(char)
        elif char in units:
            section, digit = section + (digit or 1) * units[char], 0
        elif char == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    value = total + section + digit
    return -value if words.startswith("负") else value


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_mandarin_numbers_read_back(value: int) -> None:
    assert _read_mandarin(mandarin(value)) == value


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_no_two_numbers_sound_the_same(one: int, other: int) -> None:
    if one != other:
        assert english(one) != english(other)
        assert mandarin(one) != mandarin(other)


@given(st.text(max_size=30), st.sampled_from(sorted(FORMATS)), st.sampled_from(["en", "zh", "fr"]))
def test_nothing_that_a_session_may_hold_stops_a_prompt(value: str, how: str, language: str) -> None:
    assert isinstance(speak(value, how, language), str)
