"""How many numbers of an imported list are on each do-not-call registry. The gate decides, call by call, what follows."""

from collections.abc import Mapping, Sequence

from dialer.domain.contact_rows import NewContact
from dialer.errors import BadInput
from dialer.ports.registries import RegistryBook


class RegistryTally:
    """`wanted` names registries that must be there and readable (raises `BadInput`); without, every readable one counts."""

    def __init__(self, book: RegistryBook, wanted: Sequence[str] = ()) -> None:
        known = {each.registry: each for each in book.registries()}
        for name in wanted:
            if name not in known:
                raise BadInput(
                    f"there is no registry {name!r}; there are: {', '.join(known) or 'none'}", "scrub"
                )
            if not known[name].readable:
                raise BadInput(
                    f"the registry {name} cannot be read ({known[name].problem}): import it anew", "scrub"
                )
        self._book = book
        self._counts = {name: 0 for name in wanted or known if known[name].readable}

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers, by registry."""
        return self._counts

    def count(self, rows: Sequence[NewContact]) -> None:
        if not self._counts:
            return
        numbers = [each.number for row in rows for each in row.numbers]
        for name in self._counts:
            self._counts[name] += sum(self._book.listed_among(name, numbers))
