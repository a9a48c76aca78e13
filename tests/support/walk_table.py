"""Ways of callers through every sample, in both languages. Callers from outside begin in the flow's first language, Chinese."""

from collections.abc import Sequence
from typing import Final

from ivr.ports import Answer
from tests.support.walks import Walk

CALLER: Final = "+12025550143"
"""Whoever walks; where several do at once, each shell gives them numbers of their own in its place."""

_FOUND: Final = Answer(200, {"total": "99.5", "delivery": {"date": "2026-03-05"}})


def _in_both(
    name: str, sample: str, ways: Sequence[tuple[str, str]], result: str, effects: Sequence[str]
) -> tuple[Walk, ...]:
    return tuple(Walk(f"{name}-{one}", sample, ways, result, effects, language=one) for one in ("en", "zh"))


MAIN_MENU: Final = (
    Walk(
        "order-and-callback-en",
        "main-menu",
        (
            ("greeting.morning recorded choose_language choose_language_en", "2"),
            ("@en menu", "1"),
            ("order_number", "4711222#"),
            ("one_moment order_state menu", "4"),
            ("callback_number", "#"),
            ("callback_kept", ""),
        ),
        "callback",
        (f"callback {CALLER} service: general",),
        reply=_FOUND,
    ),
    Walk(
        "message-on-a-holiday-zh",
        "main-menu",
        (
            ("greeting.happy_new_year recorded choose_language choose_language_en", "1"),
            ("menu_closed", "5"),
            ("~invalid menu_closed", "timeout"),
            ("~no_input menu_closed", "3"),
            ("message", "record:2"),
            ("message_kept", ""),
        ),
        "message",
        ("voicemail service",),
        at="2026-02-17T10:00",
    ),
    Walk(
        "silence-leads-to-an-agent-en",
        "main-menu",
        (
            ("greeting recorded choose_language choose_language_en", "!2"),
            ("@en menu", "!1"),
            ("order_number", "1234567#"),
            ("one_moment no_order menu", "timeout"),
            ("~no_input menu", "timeout"),
            ("~no_input menu", "timeout"),
            ("to_agent", "answered"),
            ("rate", "9#"),
            ("thanks", ""),
        ),
        "done",
        ("transfer queue service", "rate = 9"),
        at="2026-03-02T14:00",
    ),
    Walk(
        "nobody-is-free-zh",
        "main-menu",
        (
            ("greeting recorded choose_language choose_language_en", "timeout"),
            ("~no_input choose_language choose_language_en", "timeout"),
            ("menu", "*"),
            ("menu", "2"),
            ("information menu", "0"),
            ("to_agent", "no_answer"),
            ("all_busy message", "hangup"),
            ("", ""),
        ),
        "hung_up",
        ("transfer queue service",),
        at="2026-03-02T14:00",
    ),
)

OPT_OUT: Final = (
    Walk(
        "no-more-offers-zh",
        "opt-out",
        (("hello", "1"), ("choose", "9"), ("done bye", "")),
        "done",
        (f"opt_out {CALLER} marketing",),
    ),
    Walk(
        "no-calls-at-all-en",
        "opt-out",
        (("hello", "!2"), ("@en choose", "!8"), ("done_all bye", "")),
        "done",
        (f"opt_out {CALLER} all",),
    ),
    Walk(
        "another-number-en",
        "opt-out",
        (
            ("hello", "!2"),
            ("@en choose", "1"),
            ("why choose", "7"),
            ("number", "2025550177#"),
            ("read_back", "2"),
            ("number", "2025550178#"),
            ("read_back", "1"),
            ("done bye", ""),
        ),
        "done",
        ("opt_out 2025550178 marketing",),
    ),
    Walk(
        "wrong-keys-and-nobody-there-zh",
        "opt-out",
        (
            ("hello", "timeout"),
            ("choose", "5"),
            ("~invalid choose", "5"),
            ("~invalid choose", "5"),
            ("", "failed"),
            ("leave_message", "record:2"),
            ("noted", ""),
        ),
        "message",
        ("transfer queue service", "voicemail opt-out"),
    ),
)

SURVEY: Final = (
    *_in_both(
        "all-answered",
        "survey",
        (
            ("opening recorded permission", "1"),
            ("where_bought ~option*4", "2"),
            ("operator_before ~option*6", "1"),
            ("price_paid ~option*5", "5"),
            ("~record_other", "record:2"),
            ("handset ~option*2", "1"),
            ("broadband ~option*2", "1"),
            ("mobile_broadband ~option*4", "4"),
            ("tariff ~option*7", "7"),
            ("outgoing_price ~number", "15#"),
            ("monthly_rent ~number", "30#"),
            ("reasons ~option*8 ~enough", "138#"),
            ("~record_other", "record:2"),
            ("channel ~option*6", "2"),
            ("win_back ~option*6", "1"),
            ("remarks", "silence"),
            ("closing", ""),
        ),
        "completed",
        (
            "q1 = township", "q2 = mobile_local", "q3 = other", "q4 = yes", "q5 = yes", "q5.1 = unknown_wanted",
            "q6 = cannot_say", "q6.price = 15", "q6.rent = 30", "q7 = cheap_local+more_data+other",
            "q8 = outbound_call", "q9 = handset_subsidy", "remarks: no_answer",
        ),
    ),
    Walk(
        "refuses-a-question-zh",
        "survey",
        (
            ("opening recorded permission", "7"),
            ("~invalid permission", "1"),
            ("where_bought ~option*4", "0"),
            ("refused", ""),
        ),
        "refused",
        ("q1: refused",),
        language="zh",
    ),
    Walk(
        "no-more-calls-en",
        "survey",
        (("opening recorded permission", "!9"), ("opted_out", "")),
        "opt_out",
        (f"opt_out {CALLER} all",),
        language="en",
    ),
    Walk(
        "hangs-up-over-a-question-zh",
        "survey",
        (
            ("opening recorded permission", "!1"),
            ("where_bought ~option*4", "4"),
            ("operator_before ~option*6", "hangup"),
            ("", ""),
        ),
        "hung_up",
        ("q1 = other", "q2: cut_off"),
        language="zh",
    ),
    Walk(
        "another-time-en",
        "survey",
        (("opening recorded permission", "timeout"), ("~no_input permission", "2"), ("later", "")),
        "call_later",
        language="en",
    ),
)  # fmt: skip

APPOINTMENT: Final = (
    *_in_both(
        "moved",
        "appointment",
        (
            ("greeting.morning reminder choose", "2"),
            ("which_day", "20260101"),
            ("bad_day which_day", "20260305"),
            ("which_time", "0800"),
            ("bad_time which_time", "1430"),
            ("read_back", "2"),
            ("which_day", "20260306"),
            ("which_time", "0930"),
            ("read_back", "1"),
            ("moved", ""),
        ),
        "reschedule",
        (
            f"callback {CALLER} reception: move 2026-03-02T14:30 to 20260306 0930",
            f"sms {CALLER}",
        ),
    ),
    Walk(
        "confirmed-en",
        "appointment",
        (("greeting reminder choose", "*"), ("choose", "1"), ("confirmed", "")),
        "confirmed",
        language="en",
        at="2026-03-01T18:00",
    ),
    Walk(
        "cancelled-zh",
        "appointment",
        (("greeting.morning reminder choose", "3"), ("sure", "1"), ("cancelled", "")),
        "cancelled",
        language="zh",
    ),
    Walk(
        "no-more-reminders-en",
        "appointment",
        (("greeting.morning reminder choose", "9"), ("no_more", "")),
        "opt_out",
        (f"opt_out {CALLER} campaign",),
        language="en",
    ),
    Walk(
        "an-agent-zh",
        "appointment",
        (("greeting.morning reminder choose", "0"), ("to_agent", "answered"), ("bye", "")),
        "done",
        ("transfer queue reception",),
        language="zh",
    ),
)

SATISFACTION: Final = (
    *_in_both(
        "not-settled",
        "satisfaction",
        (("score", "4#"), ("resolved ~option*2", "2"), ("sorry offer", "1"), ("call_you", "")),
        "callback",
        ("score = 4", "resolved = no", f"callback {CALLER} supervisors: score 4, agent "),
    ),
    Walk(
        "content-en",
        "satisfaction",
        (("score", "77"), ("~invalid score", "10"), ("resolved ~option*2", "1"), ("thanks", "")),
        "done",
        ("score = 10", "resolved = yes"),
        language="en",
    ),
    Walk(
        "would-rather-not-zh",
        "satisfaction",
        (("score", "hangup"), ("", "")),
        "hung_up",
        ("score: cut_off",),
        language="zh",
    ),
)

_DISCLOSED: Final = "function price trial_end how_to_cancel how_to_use consent ~option*2"
SALES: Final = (
    Walk(
        "sold-en",
        "sales-consent",
        (
            ("greeting person ~option*4", "1"),
            ("may_talk ~option*3", "1"),
            ("able ~option*2", "1"),
            (_DISCLOSED, "1"),
            ("read_back to_agent", "answered"),
            ("ordered", ""),
        ),
        "sold",
        (
            "person = owner", "may_talk = yes", "able = yes", "consent = yes", f"sms {CALLER}",
            "transfer queue orders",
        ),
        language="en",
        contact={"product": "News"},
    ),
    Walk(
        "sold-while-nobody-is-free-zh",
        "sales-consent",
        (
            ("greeting person ~option*4", "2"),
            ("may_talk ~option*3", "1"),
            ("able ~option*2", "1"),
            (_DISCLOSED, "5"),
            ("~invalid consent ~option*2", "1"),
            ("read_back to_agent", "no_answer"),
            ("ordered", ""),
        ),
        "sold",
        (
            "person = family", "may_talk = yes", "able = yes", "consent = yes", f"sms {CALLER}",
            "transfer queue orders", f"callback {CALLER} orders: order 新闻早报",
        ),
        language="zh",
    ),
    Walk(
        "does-not-agree-en",
        "sales-consent",
        (
            ("greeting person ~option*4", "!1"),
            ("may_talk ~option*3", "!1"),
            ("able ~option*2", "!1"),
            (_DISCLOSED, "2"),
            ("no_thanks", ""),
        ),
        "not_interested",
        ("person = owner", "may_talk = yes", "able = yes", "consent = no"),
        language="en",
    ),
    Walk(
        "no-more-offers-by-phone-zh",
        "sales-consent",
        (("greeting person ~option*4", "9"), ("opted_out", "")),
        "opt_out",
        ("person = opt_out", f"opt_out {CALLER} marketing"),
        language="zh",
    ),
    Walk(
        "not-now-zh",
        "sales-consent",
        (
            ("greeting person ~option*4", "1"),
            ("may_talk ~option*3", "1"),
            ("able ~option*2", "2"),
            ("later", ""),
        ),
        "call_later",
        ("person = owner", "may_talk = yes", "able = later"),
        language="zh",
    ),
)  # fmt: skip

WALKS: Final = (*MAIN_MENU, *OPT_OUT, *SURVEY, *APPOINTMENT, *SATISFACTION, *SALES)
