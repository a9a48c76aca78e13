"""What callers said in flows: the files that the exchange wrote, `<call>-<number>.<format>`, in one folder."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from dialer.ports.privacy import ClipStore

_NAME = re.compile(r"(?P<stem>[A-Za-z0-9_-]{1,80})-[0-9]{1,9}\.[a-z0-9]{1,8}")


class LocalClips:
    """`stem` says what the files of a call begin with. Other files of the folder are never touched: it may be shared."""

    def __init__(self, folder: Path, stem: Callable[[str], str]) -> None:
        self._folder, self._stem = folder, stem

    def of_calls(self, calls: Collection[str]) -> Mapping[str, Sequence[str]]:
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for call in calls:
            wanted[self._stem(call)].append(call)
        found: defaultdict[str, list[str]] = defaultdict(list)
        self._be_there()
        with os.scandir(self._folder) as entries:
            for entry in entries:
                named = _NAME.fullmatch(entry.name)
                if named is not None and named["stem"] in wanted and entry.is_file(follow_symlinks=False):
                    for call in wanted[named["stem"]]:
                        found[call].append(entry.name)
        return {call: sorted(names) for call, names in found.items()}

    def path(self, name: str) -> Path | None:
        place = self._folder / name
        return place if _NAME.fullmatch(name) and place.is_file() and not place.is_symlink() else None

    def purge(self, name: str) -> bool:
        self._be_there()
        place = self.path(name)
        if place is not None:
            place.unlink(missing_ok=True)
        return place is not None

    def _be_there(self) -> None:
        """A folder that is away, as when it is not mounted, must not look like one without files."""
        if not self._folder.is_dir():
            raise FileNotFoundError(
                f"the folder of what callers said, {self._folder}, is not there (ivr.clips)"
            )


_port: type[ClipStore] = LocalClips
