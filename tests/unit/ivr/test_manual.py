"""The manual: its reference is the one the code makes, its examples are good."""

import re
from pathlib import Path

import pytest

from ivr.expressions.functions import FUNCTIONS
from ivr.flow.reader import check_text
from ivr.flow.reference import reference
from ivr.samples import names
from ivr.spoken import FORMATS

pytestmark = pytest.mark.unit

MANUAL = (Path(__file__).parents[3] / "docs" / "ivr.md").read_text("utf-8")


def test_the_reference_is_that_of_the_code() -> None:
    mark = "<!-- reference: made by ivr.flow.reference, compared in a test -->\n\n"
    assert MANUAL.partition(mark)[2] == reference()


def test_the_example_can_be_used() -> None:
    for example in re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL):
        assert [problem.line_of_text("en") for problem in check_text(example).problems] == []


def test_functions_formats_and_samples_are_named() -> None:
    for name in [*FUNCTIONS, *FORMATS, *names()]:
        assert re.search(rf"\b{name}\b", MANUAL), name
