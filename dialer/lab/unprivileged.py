"""Postgres refuses to run as root. When we are root, it runs under another user id.

First choice: a user namespace in which root's id reads as 1000. The kernel still sees root, so no file changes hands
and no account is made. Where such namespaces are forbidden, it runs as `postgres` or `nobody`, who must then be able
to reach the data folder.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab import processes

_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


def command(wanted: Sequence[str], folder: Path) -> list[str]:
    """The command, to be run as somebody who is not root, and dying with us."""
    if os.geteuid() != 0:
        return processes.dies_with_parent(wanted)
    if _namespaces_allowed():
        # changing namespaces would undo the death signal, so it is set inside
        return [*_NAMESPACE, *processes.dies_with_parent(wanted)]
    user = _other_user()
    _require_reachable(user, folder)
    return [*_as_user(user), "--pdeathsig", "KILL", "--", *wanted]


def hand_over(*paths: Path) -> None:
    """Gives fresh files to the user who will work with them, where that is another one."""
    if os.geteuid() == 0 and not _namespaces_allowed():
        user = _other_user()
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


@cache
def _namespaces_allowed() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Misconfigured(
        "Postgres refuses to run as root, user namespaces are forbidden here, and there is neither a user postgres "
        "nor nobody: run as an ordinary user, or name a server in FAIRDIAL_DATABASE_URL"
    )


def _as_user(user: pwd.struct_passwd) -> list[str]:
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _require_reachable(user: pwd.struct_passwd, folder: Path) -> None:
    trial = [*_as_user(user), "--", "test", "-x", str(folder.parent)]
    if subprocess.run(trial, capture_output=True).returncode != 0:
        raise Misconfigured(
            f"Postgres refuses to run as root, user namespaces are forbidden here, and the user {user.pw_name} cannot "
            f"reach {folder.parent}: run as an ordinary user, keep the project in a folder that others may enter, "
            "or name a server in FAIRDIAL_DATABASE_URL"
        )
