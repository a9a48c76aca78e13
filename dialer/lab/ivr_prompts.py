"""The words of flows as sound files, built once for each text and voice and kept in the cache."""

from collections.abc import Iterable
from pathlib import Path
from time import time

from dialer.errors import Misconfigured
from dialer.lab.asterisk_program import cache_folder
from ivr.errors import PromptsRefused
from ivr.flow.model import Flow
from ivr.prompts import build, settings_of
from ivr.prompts.building import Progress


def flow_prompts(flows: Iterable[Flow], progress: Progress) -> Path:
    """The folder. `progress` hears of files that were not there yet: half a minute of work for all samples, on 2 cores."""
    folder = cache_folder() / "ivr-prompts"
    try:
        built = build(flows, folder, settings_of(folder), time(), progress=progress)
    except PromptsRefused as refused:
        raise Misconfigured(f"the prompts of the flows cannot be made: {refused}; run `make setup`") from None
    if built.failed:
        raise Misconfigured(f"{len(built.failed)} prompts cannot be made, the first: {built.failed[0]}")
    return folder
