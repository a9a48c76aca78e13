import json
from dataclasses import replace
from uuid import UUID

import pytest

from dialer.domain.flow_session import attempt_of_session, flow_session
from dialer.domain.ids import AttemptId
from dialer.errors import BadInput
from dialer.ports.telephony import FlowOrder
from dialer.telephony.asterisk.flow_orders import variables

pytestmark = pytest.mark.unit

ATTEMPT = AttemptId(UUID("9d0ad7a1-5c2b-4f51-b3cb-6a5e6a1c0f11"))


def test_a_session_tells_its_attempt() -> None:
    assert attempt_of_session(flow_session(ATTEMPT, "main-menu")) == ATTEMPT
    for other in ("", "fairdial-1795341680.0", str(ATTEMPT), f"{'x' * 36}.menu"):
        assert attempt_of_session(other) is None


@pytest.mark.parametrize("field", ["flow", "session", "entry"])
@pytest.mark.parametrize("value", ["a,b", "a b", "${EPOCH}", "a\r\nAction: Logoff", "a&b=c", "é", "x" * 300])
def test_what_could_mean_something_to_a_dialplan_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadInput):
        variables(replace(FlowOrder("f", "s", ""), **{field: value}))  # type: ignore[arg-type]


def test_whatever_a_list_says_fits_into_lines_and_comes_out_again() -> None:
    known = {"name": '李雷"\r\n${EPOCH},) ', "long": "长" * 300, "note": "n" * 900}
    told = variables(FlowOrder("f", "s", "+12025550143", "menu", known))
    assert told["FAIRDIAL_CALLER"] == "%2B12025550143"
    parts = [value for name, value in told.items() if name.startswith("FAIRDIAL_CONTACT")]
    assert json.loads("".join(parts)) == known
    assert parts[-1] == "", "what was there before ends here"
    assert all(value.isascii() and value.isprintable() and len(value) < 900 for value in told.values())


def test_what_is_too_much_is_left_out_whole() -> None:
    told = variables(FlowOrder("f", "s", "", contact={"a": "x" * 9000, "b": "1"}))
    parts = "".join(value for name, value in told.items() if name.startswith("FAIRDIAL_CONTACT"))
    assert json.loads(parts) == {"b": "1"}
