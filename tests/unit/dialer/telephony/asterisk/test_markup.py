import pytest

from dialer.errors import Misconfigured
from dialer.telephony.asterisk.markup import Scope, fill

pytestmark = pytest.mark.unit

SCOPE = Scope(
    {"port": "5060", "host": "h", "off": None, "name": "outer"},
    {"trunk": [{"name": "a", "user": "u"}, {"name": "b", "user": None}], "phone": []},
)


def filled(text: str, scope: Scope = SCOPE) -> list[str]:
    return fill(text, scope, "x.conf").splitlines()


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("bind = 1 ; @port", ["bind = 5060"]),
        ("bind => 1   ; @port", ["bind => 5060"]),
        (";bind = 1 ; @port", ["bind = 5060"]),
        ("bind = 1 ; @off", []),
        (";bind = 1 ; @off", []),
        ("uri = 1 ; @sip:{host}:{port}", ["uri = sip:h:5060"]),
        ("uri = 1 ; @sip:{host}:{off}", []),
        ("[x] ; @trunk-{host}", ["[trunk-h]"]),
        ("a = 1", ["a = 1"]),
        ("; @name in prose is left alone", ["; @name in prose is left alone"]),
        ("a = 1 ; a comment", ["a = 1 ; a comment"]),
    ],
)
def test_a_marked_line(line: str, becomes: list[str]) -> None:
    assert filled(line) == becomes


def test_a_block_is_repeated_with_its_own_names_before_the_outer_ones() -> None:
    text = "; @for trunk\n[s] ; @{name}\nhost = x ; @host\n; @end\nlast = x ; @name\n"
    assert filled(text) == ["[a]", "host = h", "[b]", "host = h", "last = outer"]


def test_a_block_for_none_is_gone() -> None:
    assert filled("a = 1\n; @for phone\n[s]\n; @end") == ["a = 1"]


def test_a_condition_inside_a_repetition() -> None:
    text = "; @for trunk\n[s] ; @{name}\n; @if user\nuser = x ; @user\n; @end\n; @end\nz = 1"
    assert filled(text) == ["[a]", "user = u", "[b]", "z = 1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1\nb = 2 ; @unknown", "x.conf:2: '@unknown' is not a known name"),
        ("; @for queue\n; @end", "x.conf:1: '@for queue': there are only phone, trunk"),
        ("; @for trunk\na = 1", "x.conf:1: the block has no '; @end'"),
        ("a = 1\n; @end", "x.conf:2: '; @end' without"),
        ("words ; @port", "x.conf:1: a mark belongs behind"),
    ],
)
def test_a_mark_that_makes_no_sense_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        filled(text)
    assert says in str(refused.value)


@pytest.mark.parametrize("evil", ["a\nb = 1", "a\r", "a;b", "a]\n[b", "\x00", "[x"])
def test_a_value_cannot_break_out_of_its_line(evil: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        fill("secret = x ; @secret", Scope({"secret": evil}), "x.conf")
    assert evil not in str(refused.value)
