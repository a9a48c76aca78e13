"""Framing and reading of AMI messages, on recorded and on hostile bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.telephony.asterisk.ami_frames import AmiEvent, AmiMessage, FrameSplitter, FrameTooLong
from dialer.telephony.asterisk.ami_wire import AmiWire
from tests.support.fake_ami_server import BANNER, event, frame

pytestmark = pytest.mark.unit

HANGUP = event(
    "Hangup", Uniqueid="fd-1", CallerIDName="张伟明", Cause="16", **{"Cause-txt": "Normal Clearing"}
)
STREAM = BANNER + HANGUP + event("VarSet", Variable="A", Value="b: c") + event("Hangup", Uniqueid="fd-2")


def received(chunks: list[bytes]) -> list[AmiEvent]:
    events: list[AmiEvent] = []
    wire = AmiWire({"Hangup"})
    wire.listen(events.append)
    for chunk in chunks:
        wire.data_received(chunk)
    return events


@pytest.mark.parametrize("at", range(1, len(STREAM)))
def test_a_stream_split_anywhere_gives_the_same_events(at: int) -> None:
    events = received([STREAM[:at], STREAM[at:]])
    assert [(e.name, e.get("Uniqueid")) for e in events] == [("Hangup", "fd-1"), ("Hangup", "fd-2")]
    assert events[0].get("CallerIDName") == "张伟明"


def test_a_stream_of_single_bytes_gives_the_same_events() -> None:
    assert [e.get("Uniqueid") for e in received([bytes([b]) for b in STREAM])] == ["fd-1", "fd-2"]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_arbitrary_bytes_never_raise(chunks: list[bytes]) -> None:
    for e in received(chunks):
        e.get("Uniqueid")
        e.headers()


@given(
    st.lists(
        st.sampled_from([b"Event: Hangup", b"Event: ", b"Response: x", b": ", b"\r\n", b"\r\n\r\n", b"\xff"])
    )
)
def test_shuffled_pieces_of_messages_never_raise(pieces: list[bytes]) -> None:
    for e in received([b"".join(pieces)]):
        assert e.name == "Hangup"
        e.headers()


@given(st.binary(max_size=400))
def test_framing_loses_no_byte(stream: bytes) -> None:
    whole, bytewise = FrameSplitter(), FrameSplitter()
    frames = whole.feed(stream)
    assert [f for b in stream for f in bytewise.feed(bytes([b]))] == frames
    assert stream.startswith(b"".join(f + b"\r\n\r\n" for f in frames))


def test_a_stream_without_an_end_of_frame_is_refused() -> None:
    splitter = FrameSplitter(limit=100)
    splitter.feed(b"x" * 100)
    with pytest.raises(FrameTooLong):
        splitter.feed(b"x")


def test_a_longer_name_does_not_pass_for_a_wanted_one() -> None:
    assert received([event("HangupRequest"), event("Hang"), b"Event: HangupX\r\n\r\n"]) == []


def test_a_stray_blank_line_before_an_event_is_skipped() -> None:
    assert len(received([b"\r\n" + HANGUP])) == 1


def test_names_are_matched_in_any_case() -> None:
    e = AmiMessage(frame({"Event": "Hangup", "CallerIDNum": "100"}))
    assert e.get("calleridnum") == e.get("CALLERIDNUM") == e.get("CallerIDNum") == "100"


def test_the_first_header_is_found_like_any_other() -> None:
    assert AmiMessage(b"Response: Success\r\nMessage: x").get("Response") == "Success"


def test_a_value_keeps_its_colons() -> None:
    assert AmiMessage(frame({"Event": "VarSet", "Value": "sip:1@h: x"})).get("Value") == "sip:1@h: x"


def test_a_header_without_a_blank_is_read() -> None:
    assert AmiMessage(b"Event: UserEvent\r\nId:5\r\n").get("Id") == "5"


def test_an_empty_value_is_not_a_missing_header() -> None:
    e = AmiMessage(b"Event: Hangup\r\nAccountCode: \r\nX: 1")
    assert e.get("AccountCode", "none") == ""
    assert e.get("NoSuch", "none") == "none"


def test_a_repeated_header_keeps_all_its_values() -> None:
    e = AmiMessage(frame([("Event", "X"), ("ChanVariable", "a=1"), ("chanvariable", "b=2")]))
    assert e.get("ChanVariable") == "a=1"
    assert e.get_all("ChanVariable") == ["a=1", "b=2"]
    assert e.get_all("NoSuch") == []


def test_one_line_of_output_is_a_list_as_well() -> None:
    assert AmiMessage(frame([("Response", "Success"), ("Output", "one")])).get_all("Output") == ["one"]


def test_an_event_about_a_failure_is_not_ok() -> None:
    assert not AmiEvent("OriginateResponse", event("OriginateResponse", Response="Failure")).ok
    assert not AmiEvent("Hangup", HANGUP).ok


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert AmiMessage(b"Event: X\r\nName: a\xffb\r\n").get("Name") == "a�b"


@given(st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True), st.text(max_size=20)))
def test_finding_one_field_agrees_with_reading_all(headers: dict[str, str]) -> None:
    clean = {name: value.replace("\r", "").replace("\n", "") for name, value in headers.items()}
    message = AmiMessage(frame({"Event": "X", **clean}).removesuffix(b"\r\n\r\n"))
    for name in clean:
        assert message.get(name) in message.get_all(name)
