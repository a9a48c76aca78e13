import pytest

from dialer.errors import Misconfigured
from dialer.lab import own_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("before", ["", "127.0.0.1 localhost", "127.0.0.1 localhost\n"])
def test_the_name_is_added_in_both_kinds_of_addresses(before: str) -> None:
    lines = own_name.amended(before, "box").splitlines()
    assert lines[-2:] == ["127.0.0.1 localhost box", "::1 localhost box"]
    assert "" not in lines


def test_the_remedy_is_said_where_nothing_can_be_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(own_name, "resolves", lambda: False)
    monkeypatch.setattr(own_name, "can_mount", lambda: False)
    with pytest.raises(Misconfigured, match="/etc/hosts"):
        own_name.resolvable(["true"], tmp_path_factory.mktemp("x"))
