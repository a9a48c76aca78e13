"""A registry of national size: how fast it is imported and looked up, and how much memory it takes, beside two rivals.

The same numbers are looked up in a b-tree of Postgres and in a Python set, of as many rows as are named in the figures:
neither holds them all on a small machine. Rates are per second of CPU, one core, so that other work on the machine counts
for little; wall times are told as well.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from dialer.clock import SystemClock
from dialer.lab.bench.usage import family_cpu_s
from dialer.lab.postgres import EmbeddedPostgres
from dialer.registries.importer import import_registry
from dialer.registries.index import RegistryIndex
from dialer.registries.order import ImportOrder
from dialer.registries.shelf import RegistryFolder

NUMBERS, QUICK_NUMBERS = 240_000_000, 10_000_000
AREAS, QUICK_AREAS = 390, 16
QUERIES = 4_000_000
SINGLE = 500_000
ROWS, QUICK_ROWS = 5_000_000, 500_000
SET_KEYS, QUICK_SET_KEYS = 20_000_000, 2_000_000
BATCH = 1000

_SEED = 2026
_SPACE_BYTES = 6 * 1024**3
_AMERICA = 10**10
_CREATE = "create table registry_rows (number bigint not null)"
_INDEX = "alter table registry_rows add primary key (number)"
_ONE = "select from registry_rows where number = $1"
_MANY = "select number from registry_rows where number = any ($1::bigint[])"


def run(folder: Path, quick: bool) -> dict[str, Any]:
    """Removes what it wrote. Raises `RuntimeError` when the disk has no room for it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if not quick and shutil.disk_usage(folder).free < _SPACE_BYTES:
            raise RuntimeError(f"{folder} has less than {_SPACE_BYTES >> 30} GiB left")
        made = _World(folder, QUICK_NUMBERS if quick else NUMBERS, QUICK_AREAS if quick else AREAS)
        figures = made.imported() | made.looked_up()
        rows, keys = (QUICK_ROWS, QUICK_SET_KEYS) if quick else (ROWS, SET_KEYS)
        figures |= _in_set(made, keys)
        with EmbeddedPostgres(folder / "postgres") as server:
            figures |= asyncio.run(_in_postgres(server, made, rows))
        return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _World:
    """Synthetic numbers: as many in each area code, drawn without repetition, in the publisher's form and order."""

    def __init__(self, folder: Path, numbers: int, areas: int) -> None:
        self._folder, self._numbers = folder, numbers
        self._areas = _area_codes(areas)
        self._each = numbers // areas
        self.index = folder / "none"

    def keys_of(self, area: int) -> NDArray[np.int64]:
        """Ascending, as E.164 digits."""
        rng = np.random.default_rng([_SEED, area])
        local = rng.choice(8_000_000, self._each, replace=False, shuffle=False) + 2_000_000
        return np.sort(local) + (_AMERICA + area * 10_000_000)

    def imported(self) -> dict[str, Any]:
        """Area by area in files of the flat format, `202,5550100`."""
        files = self._folder / "files"
        files.mkdir()
        for area in self._areas:
            _write(files / f"{area}.txt", self.keys_of(area) - _AMERICA)
        size = sum(file.stat().st_size for file in files.iterdir())
        shelf = self._folder / "registries"
        with _measured() as spent:
            done = import_registry(
                shelf, ImportOrder("us_national", date(2026, 11, 1), (files,)), SystemClock()
            )
        shutil.rmtree(files)
        self.index = RegistryFolder(shelf, "us_national").index(done.version)
        return {
            "numbers": done.numbers,
            "areas": len(self._areas),
            "source_mb": round(size / 1e6),
            "import_cpu_s": round(spent["cpu_s"], 1),
            "import_wall_s": round(spent["wall_s"], 1),
            "import_per_cpu_s": round(done.numbers / spent["cpu_s"]),
            "import_per_wall_s": round(done.numbers / spent["wall_s"]),
            "import_rejected": done.rejected,
            "index_mb": round(done.bytes / 1e6, 1),
            "index_bits_per_number": round(8 * done.bytes / done.numbers, 1),
        }

    def queries(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Numbers in random order, and whether each is listed; half of them are."""
        rng = np.random.default_rng(_SEED)
        asked, listed = [], []
        for area in self._areas:
            keys = self.keys_of(area)
            some = rng.integers(0, 10_000_000, QUERIES // len(self._areas)) + keys[0] // 10**7 * 10**7
            hits = rng.choice(keys, len(some) // 2)
            some = np.concatenate((some[: len(some) // 2], hits))
            asked.append(some)
            listed.append(np.isin(some, keys))
        order = rng.permutation(sum(map(len, asked)))
        return np.concatenate(asked)[order], np.concatenate(listed)[order]

    def looked_up(self) -> dict[str, Any]:
        """In processes of their own: memory is that of the index and nothing else."""
        asked, listed = self.queries()
        np.save(self._folder / "asked.npy", asked)
        np.save(self._folder / "listed.npy", listed)
        said = subprocess.run(
            [sys.executable, "-m", "dialer.lab.bench.registry", str(self.index), str(self._folder)],
            capture_output=True,
            text=True,
            check=True,
        )
        figures: dict[str, Any] = dict(_pairs(said.stdout))
        return figures | {"false_answers": figures["false_answers"] + self._wrong_in_whole_areas()}

    def _wrong_in_whole_areas(self) -> int:
        """Every number of some area codes, listed or not."""
        index, wrong = RegistryIndex(self.index), 0
        for area in Random(_SEED).sample(self._areas, min(12, len(self._areas))):
            every = np.arange(10_000_000, dtype=np.int64) + (_AMERICA + area * 10_000_000)
            listed = np.zeros(10_000_000, bool)
            listed[self.keys_of(area) - every[0]] = True
            wrong += int((index.contains(every) != listed).sum())
        return wrong


def _area_codes(count: int) -> list[int]:
    codes = [code for code in range(201, 990) if code % 100 != 11 and code // 10 % 10 != 9]
    return sorted(Random(_SEED).sample(codes, count))


def _write(file: Path, numbers: NDArray[np.int64]) -> None:
    """`AAA,NNNNNNN` and a newline."""
    text = np.full((len(numbers), 12), ord("\n"), np.uint8)
    rest = numbers.copy()
    for place in (10, 9, 8, 7, 6, 5, 4, 2, 1, 0):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    text[:, 3] = ord(",")
    file.write_bytes(text.tobytes())


@contextmanager
def _measured() -> Iterator[dict[str, float]]:
    spent: dict[str, float] = {}
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    spent["cpu_s"], spent["wall_s"] = time.process_time() - cpu, time.perf_counter() - wall


def _rate(count: int, work: Callable[[], object]) -> float:
    """Per second of CPU, the best of three."""
    best = 0.0
    for _ in range(3):
        with _measured() as spent:
            work()
        best = max(best, count / spent["cpu_s"])
    return round(best)


# --- the child that looks up ------------------------------------------------------------------------------------------


def _child(path: Path, folder: Path) -> None:
    asked, listed = np.load(folder / "asked.npy"), np.load(folder / "listed.npy")
    numbers = [f"+{key}" for key in asked[:SINGLE].tolist()]
    before = _resident()
    with _measured() as opening:
        index = RegistryIndex(path)
    answers = index.contains(asked)
    wrong = int((answers != listed).sum())
    wrong += sum(index.lists(e164) != is_listed for e164, is_listed in zip(numbers, listed, strict=False))

    def one_by_one() -> None:
        for e164 in numbers:
            index.lists(e164)

    figures = {
        "open_ms": round(1000 * opening["wall_s"], 1),
        "queries": len(asked),
        "listed_queries": int(listed.sum()),
        "false_answers": wrong,
        "single_per_s": _rate(len(numbers), one_by_one),
        "batch_per_s": _rate(len(asked), lambda: index.contains(asked)),
        "small_batches_per_s": _rate(len(asked), lambda: _in_batches(index, asked)),
        "resident_growth_mb": round((_resident() - before) / 1e6, 1),
        "private_growth_mb": round(_private_of(path) / 1e6, 1),
    }
    for name, value in figures.items():
        print(name, value)


def _in_batches(index: RegistryIndex, asked: NDArray[np.int64]) -> None:
    for first in range(0, len(asked), BATCH):
        index.contains(asked[first : first + BATCH])


def _pairs(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        yield name, float(value) if "." in value else int(value)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _private_of(path: Path) -> int:
    """Bytes of the mapping that no other process could share."""
    private, ours = 0, False
    for line in Path("/proc/self/smaps").read_text("utf-8").splitlines():
        if "-" in line.split(" ", 1)[0]:
            ours = line.endswith(str(path))
        elif ours and line.startswith("Private_Dirty"):
            private += int(line.split()[1]) * 1024
    return private


# --- rivals -----------------------------------------------------------------------------------------------------------


def _sample(made: _World, count: int) -> NDArray[np.int64]:
    """The first numbers of the registry, whole areas."""
    parts: list[NDArray[np.int64]] = []
    for area in made._areas:
        parts.append(made.keys_of(area))
        if sum(map(len, parts)) >= count:
            break
    return np.concatenate(parts)[:count]


def _asked_of(keys: NDArray[np.int64], count: int) -> list[int]:
    rng = np.random.default_rng(_SEED)
    hits = rng.choice(keys, count // 2)
    asked = np.concatenate((hits, rng.integers(keys[0], keys[-1], count - len(hits))))
    return list(rng.permutation(asked).tolist())


def _in_set(made: _World, count: int) -> dict[str, Any]:
    keys = _sample(made, count)
    before = _resident()
    numbers = set(keys.tolist())
    grown = _resident() - before
    asked = [f"+{key}" for key in _asked_of(keys, SINGLE)]

    def one_by_one() -> None:
        for e164 in asked:
            int(e164[1:]) in numbers  # noqa: B015

    return {
        "set_keys": len(numbers),
        "set_single_per_s": _rate(len(asked), one_by_one),
        "set_resident_mb": round(grown / 1e6),
        "set_bytes_per_number": round(grown / len(numbers), 1),
    }


async def _in_postgres(server: EmbeddedPostgres, made: _World, rows: int) -> dict[str, Any]:
    keys = _sample(made, rows)
    connection = await asyncpg.connect(server.url)
    try:
        with _measured() as copied:
            await connection.execute(_CREATE)
            await connection.copy_records_to_table("registry_rows", records=[(key,) for key in keys.tolist()])
            await connection.execute(_INDEX)
        await connection.execute("analyze registry_rows")
        size = await connection.fetchval("select pg_total_relation_size('registry_rows')")
        asked = _asked_of(keys, 200_000)
        pid = server.pid or 0
        return {
            "postgres_rows": len(keys),
            "postgres_import_per_wall_s": round(len(keys) / copied["wall_s"]),
            "postgres_bytes_per_number": round(size / len(keys), 1),
            "postgres_single_per_s": await _single_in_postgres(connection, pid, asked[:10_000]),
            "postgres_batch_per_s": await _batch_in_postgres(connection, pid, asked),
        }
    finally:
        await connection.close()


async def _single_in_postgres(connection: asyncpg.Connection, pid: int, asked: list[int]) -> int:
    one = await connection.prepare(_ONE)
    cpu = time.process_time() + family_cpu_s(pid)
    for key in asked:
        await one.fetchrow(key)
    return round(len(asked) / (time.process_time() + family_cpu_s(pid) - cpu))


async def _batch_in_postgres(connection: asyncpg.Connection, pid: int, asked: list[int]) -> int:
    many = await connection.prepare(_MANY)
    cpu = time.process_time() + family_cpu_s(pid)
    for first in range(0, len(asked), BATCH):
        await many.fetch(asked[first : first + BATCH])
    return round(len(asked) / (time.process_time() + family_cpu_s(pid) - cpu))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
