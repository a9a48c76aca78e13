"""What has been said once is not said again."""

from typing import Final

_MOST: Final = 10_000


class Once:
    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def first(self, *what: str) -> bool:
        if what in self._said:
            return False
        if len(self._said) >= _MOST:
            self._said.clear()
        self._said.add(what)
        return True
