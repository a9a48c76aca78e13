"""Whatever is sent, the answer is a problem document that gives nothing away."""

import contextlib
import io
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dialer.errors import LinkDown, Misconfigured, SchemaMismatch, StorageDown
from dialer.web.app import OPERATIONS
from dialer.web.models import WrapUpResult
from tests.support.fake_floor import LIVE_CALL
from tests.unit.dialer.web.conftest import ENDED_CALL, Served
from tests.unit.dialer.web.test_access import path_of

pytestmark = pytest.mark.unit

PROBLEM = "application/problem+json"


async def problem_of(served: Served, method: str, path: str, **sent: Any) -> tuple[int, dict[str, Any]]:
    headers = served.as_role("admin") | sent.pop("headers", {})
    async with served.client.request(method, path, headers=headers, **sent) as answer:
        assert answer.content_type == PROBLEM
        document: dict[str, Any] = await answer.json(content_type=PROBLEM)
        assert document["status"] == answer.status
        assert document["type"] == f"urn:fairdial:problem:{document['error_id']}"
        assert document["title"]
        return answer.status, document


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nonsense", b'{"name": "\xff\xfe"}', b'{"name": "\\ud800"}', b"[" * 5000, b"\x00"]
)
async def test_a_body_that_is_no_json_is_400(served: Served, body: bytes) -> None:
    status, document = await problem_of(served, "POST", "/api/v1/agents", data=body)
    assert (status, document["error_id"]) == (400, "bad-json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 81, "phone": "a"}, "name"),
        ({"name": "a\x00b", "phone": "a"}, "name"),
        ({"name": "a\nb", "phone": "a"}, "name"),
        ({"name": "a", "phone": "../etc"}, "phone"),
        ({"name": "a", "phone": "a", "surprise": 1}, "surprise"),
        ({"name": 5, "phone": "a"}, "name"),
    ],
)
async def test_a_wrong_field_is_422_and_named(served: Served, body: Any, field: str) -> None:
    status, document = await problem_of(served, "POST", "/api/v1/agents", json=body)
    assert status == 422
    assert field in {error["field"] for error in document["errors"]}


async def test_what_was_sent_is_not_sent_back(served: Served) -> None:
    _, document = await problem_of(served, "POST", "/api/v1/do-not-call", json={"number": ["+12025550199"]})
    assert "2025550199" not in str(document)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1/campaigns/99",
        "/api/v1/campaigns/abc",
        "/api/v1/campaigns/9999999999999999999999",
        "/api/v1/contacts/99",
        "/api/v1/attempts/not-a-uuid",
        f"/api/v1/attempts/{str(ENDED_CALL)[:-1]}f",
        "/api/v1/recordings/..%2f..%2fetc%2fpasswd",
        "/api/v1/recordings/00000000-0000-4000-8000-000000000000/audio",
        "/static/..%2fapp.py",
        "/%ff%fe",
    ],
)
async def test_what_is_not_there_is_404(served: Served, path: str) -> None:
    status, document = await problem_of(served, "GET", path)
    assert (status, document["error_id"]) == (404, "not-found")


async def test_a_wrong_method_is_405_with_the_right_ones(served: Served) -> None:
    async with served.client.delete("/api/v1/campaigns", headers=served.as_role("admin")) as answer:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) >= {"GET", "POST"}
        assert answer.content_type == PROBLEM


async def test_a_body_beyond_one_mebibyte_is_413(served: Served) -> None:
    status, document = await problem_of(served, "POST", "/api/v1/agents", data=io.BytesIO(b"x" * (2 << 20)))
    assert (status, document["error_id"]) == (413, "too-large")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "after=-1", "state=asleep", "unknown=1", "limit=%ff"]
)
async def test_a_wrong_query_is_422(served: Served, query: str) -> None:
    status, _ = await problem_of(served, "GET", f"/api/v1/campaigns/1/contacts?{query}")
    assert status == 422


@pytest.mark.parametrize("before", ["yesterday", "2026-03-02T10:00:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_without_zone_or_sense_is_422(served: Served, before: str) -> None:
    status, _ = await problem_of(served, "GET", f"/api/v1/attempts?before={before}")
    assert status == 422


async def test_a_right_request_in_the_wrong_state_is_409(served: Served) -> None:
    status, document = await problem_of(served, "POST", "/api/v1/campaigns/1/pause")
    assert (status, document["error_id"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("error", "error_id"),
    [
        (StorageDown("tcp://10.0.0.7 refused"), "storage-down"),
        (LinkDown("x"), "link-down"),
        (SchemaMismatch("x"), "schema-mismatch"),
        (Misconfigured("x"), "misconfigured"),
    ],
)
async def test_what_may_pass_is_503_without_inner_details(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, error_id: str
) -> None:
    async def fail() -> None:
        raise error

    monkeypatch.setattr(served.store.campaigns, "campaigns", fail)
    status, document = await problem_of(served, "GET", "/api/v1/campaigns")
    assert (status, document["error_id"]) == (503, error_id)
    assert "10.0.0.7" not in str(document)


async def test_a_surprise_shows_only_an_incident_that_is_in_the_log(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise RuntimeError("secret inner words")

    monkeypatch.setattr(served.store.campaigns, "campaigns", fail)
    with caplog.at_level(logging.ERROR):
        status, document = await problem_of(served, "GET", "/api/v1/campaigns")
    assert status == 500
    assert "secret inner words" not in str(document)
    assert document["incident"] in [getattr(line, "incident", None) for line in caplog.records]


async def test_titles_follow_the_language_of_the_browser(served: Served) -> None:
    _, document = await problem_of(served, "GET", "/nothing", headers={"Accept-Language": "zh-CN"})
    assert document["title"] == "未找到"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200) | st.text(max_size=50).map(lambda text: f'{{"result": "{text}"}}'.encode())
)
def test_hostile_bytes_never_become_500(body: bytes) -> None:
    """Without a server: the same reading as the routes use."""
    with contextlib.suppress(ValidationError):
        WrapUpResult.model_validate_json(body)


async def test_hostile_bytes_at_every_operation_with_a_body(served: Served) -> None:
    bodies = [
        b"\xff" * 40,
        b'{"a":' * 300,
        b'{"number": "\\u0000\\u202e"}',
        b"[]",
        b"null",
        b"1e999",
        b'"\\u0000"',
    ]
    for operation in OPERATIONS:
        for body in bodies if operation.request is not None else ():
            status, _ = await problem_of(served, operation.method, path_of(operation), data=body)
            assert status in (400, 422), (operation.name, body)


async def test_an_unknown_live_call_cannot_be_hung_up(served: Served) -> None:
    status, _ = await problem_of(served, "POST", f"/api/v1/calls/{ENDED_CALL}/hangup")
    assert status == 404
    assert (await served.post(f"/api/v1/calls/{LIVE_CALL}/hangup"))[0] == 204
