import string
from enum import StrEnum

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.air import Trouble
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.pacing_plan import PacingMode
from dialer.pacing.decision import Binding
from dialer.words import LANGUAGES, Language, catalogue, name_of, preferred, say

pytestmark = pytest.mark.unit


def _placeholders(words: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(words) if field is not None}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(catalogue("en")) == list(catalogue("zh"))


@pytest.mark.parametrize("key", catalogue("en"))
def test_both_languages_use_the_same_placeholders(key: str) -> None:
    assert _placeholders(catalogue("en")[key]) == _placeholders(catalogue("zh")[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_empty(language: Language) -> None:
    assert all(words.strip() for words in catalogue(language).values())


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("agent", AgentState),
        ("attempt", AttemptState),
        ("campaign", CampaignState),
        ("contact", ContactState),
        ("disposition", Disposition),
        ("mode", PacingMode),
        ("binding", Binding),
        ("dead_air", Trouble),
    ],
)
def test_every_state_and_disposition_has_a_name(group: str, states: type[StrEnum]) -> None:
    assert {f"{group}.{state}" for state in states} <= set(catalogue("en"))


def test_values_are_put_into_their_places() -> None:
    assert say("cli.imported", "en", read=3, taken=2, refused=1) == "3 rows read, 2 taken, 1 refused"
    assert say("cli.imported", "zh", read=3, taken=2, refused=1) == "读取 3 行，导入 2 行，拒绝 1 行"


def test_the_words_of_a_call_centre_floor() -> None:
    assert name_of("disposition", Disposition.ABANDONED, "zh") == "呼损"
    assert name_of("agent", AgentState.PAUSED, "zh") == "示忙"


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert name_of("agent", "on_the_moon", "en") == "on_the_moon"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr,zh;q=0.3", "zh"),
        ("zh;q=nonsense", "en"),
        ("\x00,;;q=,=", "en"),
    ],
)
def test_the_language_follows_the_browser(header: str, language: Language) -> None:
    assert preferred(header) == language
