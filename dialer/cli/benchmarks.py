"""fairdial bench: the measurements that can be repeated on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from dialer.errors import BadInput


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; without names all but the long ones.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Shorter, and less exact.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
) -> None:
    """Measure on this machine: `fairdial bench tones` is what the tone ear finds and never hangs up wrongly."""
    from dialer.lab.bench import __main__ as benchmarks
    from dialer.lab.bench.catalogue import BENCHMARKS

    unknown = sorted(set(names or ()) - set(BENCHMARKS))
    if unknown:
        raise BadInput(f"{', '.join(unknown)}: no such benchmark; there are {', '.join(BENCHMARKS)}", "names")
    options = ["--quick"] * quick + (["--json", str(json)] if json is not None else [])
    raise typer.Exit(benchmarks.main([*(names or []), *options]))
