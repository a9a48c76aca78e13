"""Checks the text of an abandoned-call message against what each profile asks of it, before anybody hears it.

The message identifies and lets people opt out, and does nothing else: 16 CFR 310.4(b)(4)(iii), 47 CFR 64.1200(a)(7)(i),
Ofcom's statement of 2010. Texts are English or Chinese.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import phonenumbers

from dialer.compliance.profile import MessagePart, MessageRule, Profile

OPT_OUT_KEY = "9"


@dataclass(frozen=True, slots=True)
class Finding:
    """A part that is missing or must not be there, the profile that says so, and for offer words the words found."""

    part: MessagePart
    profile: str
    citation: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Message:
    """`text` and `seller` without differences of case, spacing and width."""

    text: str
    seller: str
    phone: str
    key: str


def lint(
    text: str, seller: str, phone: str, profiles: Iterable[Profile], key: str = OPT_OUT_KEY
) -> Sequence[Finding]:
    """What is wrong with `text`; nothing when every profile that has a rule on the message is content.

    `seller` in whose name the call was made, `phone` where that name can be told to call no more, as people in the
    profile's country write it or with a plus; `key` ends the calls when pressed.
    """
    message = _Message(_plain(text), _plain(seller), phone, key)
    found = []
    for profile in profiles:
        if profile.message is not None:
            found += [
                Finding(
                    part,
                    profile.id,
                    profile.message.source.citation,
                    tuple(offers(text, seller)) if part is MessagePart.OFFER_WORDS else (),
                )
                for part in MessagePart
                if part in profile.message.parts and _wrong(part, message, profile, profile.message)
            ]
    return found


def _wrong(part: MessagePart, message: _Message, profile: Profile, rule: MessageRule) -> bool:
    match part:
        case MessagePart.SELLER_NAME:
            return not message.seller or message.seller not in message.text
        case MessagePart.NUMBER:
            return not _says_number(message.text, message.phone, profile.scope.countries)
        case MessagePart.TELEMARKETING_PURPOSES:
            return not any(words in message.text for words in _PURPOSES)
        case MessagePart.OPT_OUT:
            return not _tells_key(message.text, message.key)
        case MessagePart.OFFER_WORDS:
            return bool(_offers(message))
        case MessagePart.NUMBER_CLASS:
            return not _permitted(message.phone, profile.scope.countries, rule)


def _plain(text: str) -> str:
    wide = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2019: 0x27}
    return " ".join(text.translate(wide).casefold().split())


# --- parts ------------------------------------------------------------------------------------------------------------------

_PURPOSES = ("telemarketing purposes", "电话营销", "电话推销", "电话销售")

_DIGIT_WORDS = {
    word: str(digit)
    for digit, words in enumerate(
        (
            ("zero", "oh", "零", "〇"), ("one", "一", "幺"), ("two", "二", "两"), ("three", "三"), ("four", "四"),
            ("five", "五"), ("six", "六"), ("seven", "七"), ("eight", "八"), ("nine", "九"),
        )
    )
    for word in words
}  # fmt: skip
_DIGIT = re.compile(
    r"\b(?:" + "|".join(word for word in _DIGIT_WORDS if word.isascii()) + r")\b|[零〇一幺二两三四五六七八九]"
)
# what may stand between the digits of one number
_NUMBER = re.compile(r"\+?\d(?:[\s().,，、\-–]*\d)*")


def _in_digits(text: str) -> str:
    return _DIGIT.sub(lambda word: _DIGIT_WORDS[word[0]], text)


def _says_number(text: str, phone: str, countries: frozenset[str]) -> bool:
    """The number with or without its country or trunk prefix, in figures or digit by digit in words."""
    wanted = _national_forms(phone, sorted(countries)) - {""}
    said = [re.sub(r"\D", "", number) for number in _NUMBER.findall(_in_digits(text))]
    return any(number.endswith(form) for number in said for form in wanted)


_PRESS = r"(?:press(?:ing)?|push|hit|dial)\s+(?:the\s+)?(?:key\s+|number\s+|button\s+)?{key}\b"
_PRESS_ZH = r"(?:按|请按|拨)\s*(?:下\s*)?(?:数字\s*)?(?:键\s*)?{key}(?:\s*号?键)?"
_NO_MORE = re.compile(
    r"do[- ]?not[- ]?call|no more calls|not (?:be |to be )?call(?:ed)?|stop (?:\w+ )?(?:further )?calls|opt[- ]?out"
    r"|remove(?:d)? from|不再(?:来电|致电|接到|拨打|打扰|呼叫|给您)|谢绝来电|免打扰|勿扰|拒绝来电|停止(?:来电|呼叫)"
)


def _tells_key(text: str, key: str) -> bool:
    """It says which key, and what for."""
    plain = _in_digits(text)
    escaped = re.escape(key) if key != "*" else r"(?:\*|star)"
    says_key = re.search(_PRESS.format(key=escaped), plain) or re.search(_PRESS_ZH.format(key=escaped), plain)
    return says_key is not None and _NO_MORE.search(text) is not None


# words by which a message sells; a toll-free number is not an offer
_OFFERS = re.compile(
    r"\b(?:offer(?:s|ing|ed)?|special(?:s|ly)?|deals?|discount(?:s|ed)?|sale|savings?|save(?:s|d)?|bargains?"
    r"|free(?!\s*-?\s*(?:phone|number|of charge|call|line|on))|bonus(?:es)?|gifts?|prizes?|win(?:ner|ners|ning)?|won"
    r"|promotions?|promo|cash\s?back|coupons?|vouchers?|rebates?|buy(?:ing)?|purchase[sd]?|order now|act now|hurry"
    r"|limited[- ]time|exclusive(?:ly)?|lowest|cheap(?:er|est)?|best prices?|prices?|rates?|quotes?|guarantee[ds]?"
    r"|upgrade[sd]?|trial|subscribe|sign up|brand new|new range|latest range|in store|our products?|our services?"
    r"|don'?t miss|opportunit(?:y|ies)|interested in|find out more|learn more|visit (?:us|our)|our website|www\.)"
    r"|\d+\s*(?:%|percent|per cent)"
    r"|优惠|折扣|打折|[一二三四五六七八九\d]折|促销|特价|特惠|活动|赠送|赠品|礼品|礼物|好礼|抽奖|中奖|大奖|限时|限量|秒杀"
    r"|免费(?!电话|拨打|热线)|购买|选购|抢购|办理|开户|贷款|返现|红包|套餐|新品|低价|降价|省钱|机会难得|欢迎(?:选|订|购|光临)|官网"
)


def offers(text: str, seller: str = "") -> Sequence[str]:
    """The offer words of a text, as they stand there; the seller's own name is none."""
    return _offers(_Message(_plain(text), _plain(seller), "", ""))


def _offers(message: _Message) -> Sequence[str]:
    text = message.text.replace(message.seller, " ") if message.seller else message.text
    return [found[0] for found in _OFFERS.finditer(text)]


def _permitted(phone: str, countries: frozenset[str], rule: MessageRule) -> bool:
    """Whether the number is of a class that the rule lets people be asked to call; a number nobody can read is not."""
    forms = _national_forms(phone, sorted(countries))
    if any(form.startswith(rule.barred_prefixes) for form in forms):
        return False
    return not rule.number_prefixes or any(form.startswith(rule.number_prefixes) for form in forms)


def _national_forms(phone: str, countries: Sequence[str]) -> set[str]:
    """As dialled at home: with the trunk prefix and without, of every country of the rule."""
    forms = {re.sub(r"\D", "", phone)} if not phone.strip().startswith("+") else set()
    for country in countries or ("ZZ",):
        try:
            read = phonenumbers.parse(phone, None if country == "ZZ" else country)
        except phonenumbers.NumberParseException:
            continue
        national = phonenumbers.national_significant_number(read)
        home = phonenumbers.region_code_for_country_code(read.country_code or 0)
        trunk = phonenumbers.ndd_prefix_for_region(home, True) or ""
        forms |= {national, trunk + national}
    return forms
