"""Flows that ship: to use as they are, to start from, and to show what a flow file can say."""

from importlib import resources

from ivr.errors import NotPublished
from ivr.flow.model import Flow
from ivr.flow.reader import from_text


def names() -> list[str]:
    folder = resources.files("ivr").joinpath("samples")
    return sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml"))


def text(name: str) -> str:
    if name not in names():
        raise NotPublished(f"no sample {name!r}: there are {', '.join(names())}")
    return resources.files("ivr").joinpath("samples", f"{name}.yaml").read_text("utf-8")


def sample(name: str) -> Flow:
    return from_text(text(name), f"{name}.yaml")
