"""The machine's own host name must resolve quickly: Asterisk looks it up for every call, and waits."""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from functools import cache
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab import processes

_PATIENCE = 0.5
_HOSTS = Path("/etc/hosts")


@cache
def resolves() -> bool:
    """Whether the machine's own name is answered within half a second."""
    asker = ThreadPoolExecutor(max_workers=1)
    try:
        asker.submit(socket.getaddrinfo, socket.gethostname(), None).result(_PATIENCE)
    except (OSError, TooSlow):
        return False
    finally:
        asker.shutdown(wait=False)
    return True


@cache
def can_mount() -> bool:
    """Whether we may give a program a mount namespace of its own."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    trial = ["unshare", "--mount", "mount", "--bind", str(_HOSTS), str(_HOSTS)]
    return subprocess.run(trial, capture_output=True).returncode == 0


def remedy() -> str:
    name = socket.gethostname()
    return (
        f"the host name {name!r} of this machine does not resolve, which slows Asterisk's calls to a crawl: "
        f"add the lines `127.0.0.1 {name}` and `::1 {name}` to {_HOSTS}"
    )


def resolvable(command: Sequence[str], folder: Path) -> list[str]:
    """The command, to be run where the name resolves: as it is, or with a hosts file of its own."""
    if resolves():
        return processes.dies_with_parent(command)
    if not can_mount():
        raise Misconfigured(remedy())
    hosts = folder / "hosts"
    hosts.write_text(amended(_HOSTS.read_text("utf-8"), socket.gethostname()), "utf-8")
    mount = 'mount --bind "$0" "$1" && shift && exec "$@"'
    inner = processes.dies_with_parent(command)
    # no outer guard is needed: the shell is gone within milliseconds
    return ["unshare", "--mount", "sh", "-c", mount, str(hosts), str(_HOSTS), *inner]


def amended(hosts: str, name: str) -> str:
    """A hosts file that also knows the name, in both kinds of addresses."""
    kept = hosts if not hosts or hosts.endswith("\n") else hosts + "\n"
    return f"{kept}127.0.0.1 localhost {name}\n::1 localhost {name}\n"
