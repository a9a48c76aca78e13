from datetime import date

import pytest

from dialer.compliance.message_text import lint, offers
from dialer.compliance.opt_out import Heard, on_key
from dialer.compliance.profile import MessagePart, MessageRule, Nature, Profile, Scope, Source
from dialer.compliance.refusal import RefusalReason

P = MessagePart
SELLER, PHONE = "Acme Windows", "1-800-555-0199"
GOOD = (
    "This is Acme Windows. This call was for telemarketing purposes. "
    "To be placed on our do-not-call list press 9 now, or call 1-800-555-0199."
)
GOOD_ZH = "这里是宏达门窗。本次来电用于电话营销。如需不再来电，请立即按9，或拨打021-5555-0100。"


def rules(country: str, parts: frozenset[MessagePart], **numbers: tuple[str, ...]) -> Profile:
    return Profile(
        country,
        country,
        Nature.LAW,
        Scope(frozenset({country})),
        date(2026, 1, 1),
        message=MessageRule(parts, Source("47 CFR 64.1200(a)(7)(i)", "V"), **numbers),  # type: ignore[arg-type]
    )


US = rules("US", frozenset(P), barred_prefixes=("900",))
UK = rules(
    "GB",
    frozenset(P) - {P.TELEMARKETING_PURPOSES, P.OPT_OUT},
    number_prefixes=("080", "01", "02", "03"),
    barred_prefixes=("09",),
)
CN = rules("CN", frozenset(P))


def wrong(text: str, profile: Profile = US, phone: str = PHONE, seller: str = SELLER) -> set[MessagePart]:
    return {each.part for each in lint(text, seller, phone, [profile])}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (GOOD, set()),
        (GOOD.replace("Acme Windows", "We"), {P.SELLER_NAME}),
        (GOOD.replace(PHONE, "us"), {P.NUMBER}),
        (GOOD.replace("for telemarketing purposes", "a call"), {P.TELEMARKETING_PURPOSES}),
        (GOOD.replace("press 9 now", "tell us"), {P.OPT_OUT}),
        (GOOD.replace("press 9", "press 5"), {P.OPT_OUT}),
        (GOOD.replace("press 9", "press nine").replace(PHONE, "800 five five five oh one nine nine"), set()),
        (GOOD + " Ask about our special offer.", {P.OFFER_WORDS}),
        (GOOD + " Call our free phone number.", set()),
        ("", {P.SELLER_NAME, P.NUMBER, P.TELEMARKETING_PURPOSES, P.OPT_OUT}),
    ],
)
def test_what_a_message_lacks(text: str, parts: set[MessagePart]) -> None:
    assert wrong(text) == parts


def test_a_chinese_message_is_read_as_well() -> None:
    assert wrong(GOOD_ZH, CN, "021-5555-0100", "宏达门窗") == set()
    assert wrong(GOOD_ZH + "限时优惠，欢迎选购。", CN, "021-5555-0100", "宏达门窗") == {P.OFFER_WORDS}
    assert wrong(GOOD_ZH.replace("按9", "按九"), CN, "021-5555-0100", "宏达门窗") == set()


@pytest.mark.parametrize(
    ("phone", "allowed"),
    [
        ("0808 157 0123", True),
        ("+44 20 7946 0123", True),
        ("0330 111 0123", True),
        ("0909 879 0123", False),
        ("07700 900123", False),
        ("not a number", False),
    ],
)
def test_the_class_of_a_british_number(phone: str, allowed: bool) -> None:
    found = wrong(f"This is Acme Windows. To stop further calls from us, phone {phone}.", UK, phone)
    assert (P.NUMBER_CLASS not in found) is allowed


@pytest.mark.parametrize("phone", ["900-555-0199", "1-900-555-0199", "+1 900 555 0199"])
def test_a_premium_number_is_rejected_however_it_is_written(phone: str) -> None:
    assert wrong(GOOD.replace(PHONE, phone), phone=phone) == {P.NUMBER_CLASS}


def test_a_sellers_own_name_is_no_offer() -> None:
    assert not offers("This is Special Offers Ltd.", "Special Offers Ltd")
    assert offers("Save 20 percent", "Special Offers Ltd") == ["save", "20 percent"]


def test_only_the_key_that_was_offered_opts_out() -> None:
    pressed = on_key("9", Heard.ABANDONED_MESSAGE, "9")
    assert (pressed.opts_out, pressed.ends_call, pressed.refusal) == (True, True, RefusalReason.INTERNAL_DNC)
    ignored = on_key("1", Heard.ABANDONED_MESSAGE, "9")
    assert (ignored.opts_out, ignored.ends_call, ignored.refusal) == (False, False, None)
