import pytest

from dialer.storage.postgres.queries import parse_queries

pytestmark = pytest.mark.unit


def test_a_query_has_name_description_parameters_and_body() -> None:
    text = "-- name: one\n-- First.\n-- params: a, b,\n-- c\nselect $1,\n$2, $3;\n\n-- name: two\n-- Second.\n-- params:\nselect 1\n"
    one, two = parse_queries(text)
    assert (one.name, one.description, one.params) == ("one", "First.", ("a", "b", "c"))
    assert one.sql == "select $1,\n$2, $3"
    assert (two.params, two.sql) == ((), "select 1")


@pytest.mark.parametrize(
    "text", ["-- name: one\nselect 1", "select 1\n-- name: a\n-- b.\n-- params:\nselect 1"]
)
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="every query needs the header"):
        list(parse_queries(text))
