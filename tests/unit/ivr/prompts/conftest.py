"""The sounds of all six samples, made once by a synthesiser that says a tone."""

import fcntl
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from ivr.flow.model import Flow
from ivr.prompts import Built, Settings, build
from ivr.samples import names, sample
from tests.support.spoken_prompts import stub_settings


class Samples(NamedTuple):
    folder: Path
    settings: Settings
    flows: list[Flow]
    built: Built


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Once for all processes of a run: the second finds the files of the first."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "sample-prompts"
    folder.mkdir(exist_ok=True)
    flows = [sample(name) for name in names()]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = stub_settings(folder)
        return Samples(folder, settings, flows, build(flows, folder, settings, 1_000.0))


@pytest.fixture
def prepared(samples: Samples, tmp_path: Path) -> Path:
    """A folder in which the vocabulary of both languages lies ready, and nothing else: `samples.settings` made it."""
    folder = tmp_path / "prompts"
    for group in ("en/normal", "zh/normal"):
        for entry in samples.built.index.vocabulary[group].values():
            file = folder / f"{entry.file}.sln"
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                os.link(samples.folder / f"{entry.file}.sln", file)
    return folder
