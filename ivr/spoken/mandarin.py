"""Mandarin: 两 before 百, 千, 万, 亿 and measure words, 二 elsewhere; 零 for a gap; 幺 for one in telephone numbers."""

from datetime import date, time
from decimal import Decimal
from typing import Final

DIGITS: Final = "零一二三四五六七八九"
_SECTIONS: Final = ("", "万", "亿", "万亿")
_PLACES: Final = ("", "十", "百", "千")
_CURRENCIES: Final = {
    "CNY": ("元", "角", "分"),
    "USD": ("美元", "", "美分"),
    "EUR": ("欧元", "", "欧分"),
    "GBP": ("英镑", "", "便士"),
    "HKD": ("港元", "", "港仙"),
    "JPY": ("日元", "", ""),
}
_WEEKDAYS: Final = "一二三四五六日"


def whole(value: int) -> str:
    """0 to 9999 9999 9999 9999, also negative."""
    if value < 0:
        return "负" + whole(-value)
    if value == 0:
        return "零"
    text, gap = "", False
    for section in range(len(_SECTIONS) - 1, -1, -1):
        part = value // 10_000**section % 10_000
        if part == 0:
            gap = bool(text)
            continue
        if text and (gap or part < 1000):
            text += "零"
        text += _section(part, bare=bool(section), leading=not text) + _unit(section, value)
        gap = False
    return text


def _unit(section: int, value: int) -> str:
    """万亿 is said 万 when the 亿 that it shares is still to come."""
    if section == 3 and value // 10_000**2 % 10_000:
        return "万"
    return _SECTIONS[section]


def _section(part: int, *, bare: bool, leading: bool) -> str:
    """Up to 9999. `bare` when 万 or 亿 follows: there a lone 2 is 两. `leading`: 10 to 19 begin with 十."""
    if part == 2 and bare:
        return "两"
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = part // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += "零" if gap else ""
        gap = False
        if place == 1 and digit == 1 and not text and leading:
            text += "十"
        else:
            text += ("两" if digit == 2 and place >= 2 else DIGITS[digit]) + _PLACES[place]
    return text


def number(value: Decimal) -> str:
    text = f"{abs(value):f}"
    integer, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    words = whole(int(integer)) + ("点" + digits(fraction) if fraction else "")
    return "负" + words if value < 0 and words != "零" else words


def counted(value: int) -> str:
    """Before a measure word: 两点, 两元, but 十二点."""
    return "两" if value == 2 else whole(value)


def ordinal(value: int) -> str:
    return "第" + whole(value)


def digits(text: str) -> str:
    return "".join(DIGITS[int(char)] for char in text)


def phone(groups: list[str], *, international: bool) -> str:
    words = "，".join(digits(group).replace("一", "幺") for group in groups)
    return "加" + words if international else words


def money(value: Decimal, currency: str) -> str:
    unit, tenth, hundredth = _CURRENCIES.get(currency, (currency, "", ""))
    cents = int((abs(value) * 100).to_integral_value()) if hundredth else int(abs(value)) * 100
    sign = "负" if value < 0 and cents else ""
    main, small = divmod(cents, 100)
    words = counted(main) + unit if main or not small else ""
    if not small:
        return sign + words
    if not tenth:
        return sign + words + counted(small) + hundredth
    jiao, fen = divmod(small, 10)
    if jiao:
        words += counted(jiao) + tenth
    elif main:
        words += "零"
    return (
        sign + words + (DIGITS[fen] + hundredth if fen and words else counted(fen) + hundredth if fen else "")
    )


def day(value: date) -> str:
    return f"{digits(str(value.year))}年{whole(value.month)}月{whole(value.day)}日，星期{_WEEKDAYS[value.weekday()]}"


def clock(value: time) -> str:
    part = _part_of_day(value.hour)
    hour = value.hour - 12 if value.hour > 12 else value.hour
    words = f"{part}{counted(hour)}点"
    if value.minute == 0:
        return words
    if value.minute == 30:
        return words + "半"
    return words + ("零" if value.minute < 10 else "") + whole(value.minute) + "分"


def _part_of_day(hour: int) -> str:
    for until, name in ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < until:
            return name
    return "晚上"


def vocabulary() -> frozenset[str]:
    """The words, and what is one word to the ear, of which everything above is made, and letters."""
    return frozenset(
        [
            *(whole(value) for value in range(100)),
            *("一" + whole(value) for value in range(10, 20)),  # 一百一十
            *(digit + place for digit in "一两二三四五六七八九" for place in "百千万亿"),
            *("两", "幺", "点", "负", "第", "加", "半", "百", "千", "万", "亿"),
            *("年", "月", "日", "分", "井号键", "星号键"),
            *("星期" + name for name in _WEEKDAYS),
            *(_part_of_day(hour) for hour in range(24)),
            *(word for words in _CURRENCIES.values() for word in words if word),
            *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ]
    )
