"""All profiles of the product and of the operator as one book."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from dialer.compliance.profile import Profile
from dialer.compliance.rulebook import PROJECT_DEFAULT, Rulebook
from dialer.errors import Misconfigured
from dialer.rulebook.operators_file import Loosened, applied
from dialer.rulebook.reader import entries, profile
from dialer.yaml_file import parse, read_text


@dataclass(frozen=True, slots=True)
class Loaded:
    """`loosened`: what the operator's file allows that the profiles of the product do not, each by name and reason.

    Whoever starts a service with it writes them into the log and the audit trail.
    """

    book: Rulebook
    loosened: tuple[Loosened, ...] = ()


def load_rules(operators_file: Path | None = None) -> Loaded:
    """The profiles that come with the product, then the operator's own on top.

    Raises `BadInput` with file, line and column for anything that cannot be read in full, `Misconfigured` when the profile
    that takes part in every call is missing: rules that are read in part are no rules.
    """
    texts = tuple(_shipped())
    found = dict(_profiles(texts))
    loosened: tuple[Loosened, ...] = ()
    if operators_file is not None:
        name = str(operators_file)
        text = read_text(operators_file, name)
        texts = (*texts, (name, text))
        loosened = applied(found, parse(text, name), name)
    return Loaded(Rulebook(MappingProxyType(found), _fingerprint(texts)), loosened)


@cache
def _profiles(texts: tuple[tuple[str, str], ...]) -> Mapping[str, Profile]:
    found: dict[str, Profile] = {}
    for name, text in texts:
        for which, field in entries(parse(text, name)).items():
            if which in found:
                field.wrong(f"is the id of a profile in {found[which].file} already")
            found[which] = profile(which, field, name)
    if PROJECT_DEFAULT not in found:
        raise Misconfigured(f"the profile {PROJECT_DEFAULT} is missing")
    return found


def _shipped() -> Iterable[tuple[str, str]]:
    folder = resources.files("dialer.rulebook").joinpath("profiles")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            yield entry.name, entry.read_text("utf-8")


def _fingerprint(texts: Iterable[tuple[str, str]]) -> str:
    whole = hashlib.sha256()
    for _, text in texts:
        content = text.encode()
        whole.update(len(content).to_bytes(8, "big"))
        whole.update(content)
    return whole.hexdigest()
