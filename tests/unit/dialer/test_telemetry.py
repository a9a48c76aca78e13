"""Logs: one JSON line each, and no phone number in the clear."""

import json
import logging

import pytest

from dialer.telemetry import configure_logging, mask_numbers

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call to +12025550123 ended", "call to +1202*****23 ended"),
        ("13800138000", "13800****00"),
        ("two: +12025550123,+12025550124", "two: +1202*****23,+1202*****24"),
        ("PJSIP/+12025550123@trunk-main", "PJSIP/+1202*****23@trunk-main"),
        ("at 2026-11-22T00:39:45.085556Z", "at 2026-11-22T00:39:45.085556Z"),
        (
            "fairdial-c-764d5f4f-9cbf-45d5-b47e-ed4a5ed7736f",
            "fairdial-c-764d5f4f-9cbf-45d5-b47e-ed4a5ed7736f",
        ),
        ("pid 11992, port 5038", "pid 11992, port 5038"),
        ("id 1795303357.0", "id 1795303357.0"),
    ],
)
def test_numbers_are_masked_and_other_digits_are_not(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_a_log_line_is_json_with_its_action_and_without_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    try:
        configure_logging("info", "json")
        logging.getLogger("dialer.test").info(
            "hello", extra={"action": "test.said", "number": "+12025550123"}
        )
    finally:
        root.handlers[:], level = kept
        root.setLevel(level)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["action"], line["level"]) == ("hello", "test.said", "info")
    assert line["number"] == "+1202*****23"
