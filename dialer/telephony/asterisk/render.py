"""Writes a complete Asterisk configuration from the files in `asterisk-config/` and the settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from asterisk.config import Config, ParseError  # pyst2

from dialer.errors import Misconfigured
from dialer.settings import PhoneSection, Settings, TrunkSection
from dialer.telephony.asterisk.markup import Scope, Values, fill

HOLD = "hold"
"""The folder of music below that of the prompts."""

_SECRET = 0o640


def render(
    settings: Settings, source: Path, target: Path, extra: Mapping[str, str | None] | None = None
) -> list[Path]:
    """The files written. `extra` adds names, or replaces those of the settings."""
    scope = scope_of(settings)
    return render_folders([source], target, scope.inner(extra or {}))


def source_folder() -> Path:
    """Our own `asterisk-config`: inside the installed package, or beside it in the repository."""
    packaged = Path(__file__).parent / "config"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "asterisk-config"


def render_folders(sources: Sequence[Path], target: Path, scope: Scope) -> list[Path]:
    """Fills every `*.conf`; a file of a later folder takes the place of an earlier one of the same name.

    All are filled before the first one is written, so that a mistake leaves the target as it was.
    """
    files = {file.name: file for source in sources for file in sorted(source.glob("*.conf"))}
    if not files:
        raise Misconfigured(f"{', '.join(map(str, sources))}: there are no *.conf files here to render")
    filled = {name: fill(file.read_text("utf-8"), scope, name) for name, file in files.items()}
    target.mkdir(parents=True, exist_ok=True)
    return [_write(target / name, text) for name, text in filled.items()]


def _write(file: Path, text: str) -> Path:
    """Replaces the file in one step; it may hold passwords."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.touch(mode=_SECRET)
    fresh.chmod(_SECRET)
    fresh.write_text(text, "utf-8")
    fresh.replace(file)
    return file


def scope_of(settings: Settings) -> Scope:
    """The names that the marks can use."""
    asterisk = settings.asterisk
    http_host, http_port = _host_port(asterisk.http_bind, 8088)
    values: dict[str, str | None] = {
        "system_name": asterisk.system_name,
        "sip_bind": asterisk.sip_bind,
        "http_host": http_host,
        "http_port": str(http_port),
        "rtp_start": str(asterisk.rtp_start),
        "rtp_end": str(asterisk.rtp_end),
        "ami_host": settings.ami.host,
        "ami_port": str(settings.ami.port),
        "ami_username": settings.ami.username,
        "ami_secret": settings.ami.secret.get_secret_value(),
        "agi_url": asterisk.agi_url or f"agi://{settings.agi.host}:{settings.agi.port}",
        "fallback_script": asterisk.fallback_script,
        "opt_out_key": asterisk.opt_out_key,
        "prompt_prefix": prompt_prefix(settings.prompts.folder),
        "hold_folder": str(settings.prompts.folder / HOLD),
        "tcp": "yes" if any(trunk.transport == "tcp" for trunk in settings.trunks.values()) else None,
        **dict.fromkeys(DIRECTORIES),
    }
    return Scope(
        values,
        {
            "trunk": [_trunk(name, trunk) for name, trunk in settings.trunks.items()],
            "phone": [_phone(name, phone) for name, phone in settings.phones.items()],
        },
    )


# without a value, Asterisk's own folders hold
DIRECTORIES = (
    "astetcdir", "astmoddir", "astvarlibdir", "astdbdir", "astkeydir", "astdatadir",
    "astagidir", "astspooldir", "astcachedir", "astrundir", "astlogdir",
)  # fmt: skip


def _trunk(name: str, trunk: TrunkSection) -> Values:
    host, port = _host_port(trunk.address, 5060)
    password = trunk.password.get_secret_value() if trunk.password else None
    user = trunk.username
    return {
        "name": name,
        "codecs": ",".join(trunk.codecs),
        "transport": trunk.transport,
        "server_uri": f"sip:{_bracketed(host)}:{port}",
        "client_uri": f"sip:{user or name}@{_bracketed(host)}:{port}",
        "match": host,
        "user": user,
        "password": password,
        "auth": f"trunk-{name}" if user and password else None,
        "registers": "yes" if trunk.register_with_carrier else None,
    }


def _phone(name: str, phone: PhoneSection) -> Values:
    return {"name": name, "codecs": ",".join(phone.codecs), "password": phone.password.get_secret_value()}


def _host_port(address: str, default: int) -> tuple[str, int]:
    """`host`, `host:port` or an IPv6 address alone (settings allow no brackets)."""
    host, colon, port = address.rpartition(":")
    if not colon or ":" in host:
        return address, default
    if not port.isdecimal():
        raise Misconfigured(f"{address!r}: must be host or host:port")
    return host, int(port)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def prompt_prefix(folder: Path) -> str:
    """How dialplan names the prompts: below Asterisk's sounds by a relative name, else by the whole path."""
    parts = folder.parts
    if "sounds" in parts:
        below = parts[len(parts) - parts[::-1].index("sounds") :]
        if below:
            return "/".join(below)
    return str(folder)


class _Lint(Config):  # type: ignore[misc]
    """pyst2's reader, which leaves its file open."""

    def load(self) -> None:
        self.raw_lines = Path(self.filename).read_text("utf-8").splitlines(keepends=True)


def check(folder: Path) -> list[str]:
    """What is wrong with the configuration files of a folder: `file: what`. Empty when all is well."""
    files = sorted(folder.glob("*.conf"))
    if not files:
        return [f"{folder}: there are no *.conf files"]
    return [f"{file.name}: {complaint}" for file in files for complaint in _complaints(file)]


def _complaints(file: Path) -> list[str]:
    try:
        parsed = _Lint(str(file))
    except ParseError as wrong:
        number, what = wrong.args
        return [f"line {number}: {what}"]
    except (OSError, UnicodeDecodeError) as unreadable:
        return [f"cannot be read: {unreadable}"]
    wrong_lines = []
    if not parsed.categories:
        wrong_lines.append("has no [section]")
    for category in parsed.categories:
        wrong_lines += [
            f"line {item.number}: [{category.name}] {item.name} has no value"
            for item in category.items
            if not item.value.strip()
        ]
    return wrong_lines
