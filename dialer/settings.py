"""Settings, read once from the environment (`FAIRDIAL_*`) and one TOML file, then frozen.

Precedence: environment, then `<NAME>_FILE` secrets, then the TOML file, then the defaults below. Nested names are
joined by two underscores: `FAIRDIAL_AMI__SECRET`, `FAIRDIAL_TRUNKS__MAIN__ADDRESS`. The TOML file is the one named by
`FAIRDIAL_CONFIG`, else `fairdial.toml` in the current folder, else `/etc/fairdial/fairdial.toml`.
"""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dialer.errors import Misconfigured

CONFIG_PLACES = (Path("fairdial.toml"), Path("/etc/fairdial/fairdial.toml"))

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _no_control(value: str) -> str:
    """Values end up in Asterisk's configuration and AMI headers: one line, and no comment or section marks."""
    if re.search(r"[\x00-\x1f\x7f;\[\]]", value):
        raise ValueError("must be one line without ';', '[' or ']'")
    return value


Line = Annotated[str, AfterValidator(_no_control)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AmiSection(Section):
    host: Line = "127.0.0.1"
    port: Port = 5038
    username: Line = "fairdial"
    secret: SecretStr = SecretStr("change-me")


class AgiSection(Section):
    """Where our FastAGI server listens; Asterisk must be able to reach it."""

    host: Line = "127.0.0.1"
    port: Port = 4573
    most_sessions: int = Field(default=1000, ge=1)


class EarsSection(Section):
    """Where Asterisk brings the sound of lines; Asterisk must be able to reach it."""

    enabled: bool = Field(default=True, description="false: lines are dialled unheard")
    host: Line = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535, description="0: the system chooses a free one at each start")
    public_address: Line | None = Field(
        default=None, pattern=r".+:[0-9]{1,5}", description="host:port as Asterisk sees it"
    )
    tick_ms: int = Field(default=40, ge=20, le=200, description="how often all streams are listened to")
    most_streams: int = Field(default=4000, ge=1, le=50_000, description="lines heard at once")
    announcements: Path = Field(
        default=Path("/var/lib/fairdial/announcements"),
        description="the carriers' announcements that were learned: `fairdial announcements add`",
    )


class HttpSection(Section):
    host: Line = "127.0.0.1"
    port: Port = 8080
    public_url: Line | None = Field(default=None, description="the address people use, behind a proxy")


class TrunkSection(Section):
    """One way out to the telephone network."""

    address: Line = Field(description="host or host:port of the carrier's SIP server")
    codecs: tuple[Line, ...] = ("ulaw", "alaw")
    transport: Literal["udp", "tcp"] = "udp"
    username: Line | None = None
    password: SecretStr | None = None
    register_with_carrier: bool = Field(default=False, description="send REGISTER with username and password")
    caller_id: Line = Field(description="E.164 number shown to the called person, e.g. +12025550100")
    number_format: Literal["plus_e164", "e164", "national"] = Field(
        default="plus_e164", description="+12025550123, 12025550123 or 2025550123"
    )
    prefix: Line = Field(default="", pattern=r"[0-9*#]{0,10}", description="dialled before the number")
    calls_per_second: float = Field(default=5.0, gt=0, le=1000)
    channels: int = Field(default=30, ge=1, le=10000)


class PhoneSection(Section):
    """A SIP account for an agent's phone, rendered into Asterisk's configuration."""

    password: SecretStr
    codecs: tuple[Line, ...] = ("ulaw", "alaw")


class AsteriskSection(Section):
    """What `fairdial asterisk render` writes into the configuration files; a running Asterisk keeps its own."""

    system_name: Line = "fairdial"
    sip_bind: Line = "127.0.0.1:5060"
    http_bind: Line = "127.0.0.1:8088"
    rtp_start: Port = 10000
    rtp_end: Port = 19999
    agi_url: Line | None = Field(default=None, description="default: the address of [agi]")
    fallback_script: Line = "/usr/share/fairdial/fallback.py"
    opt_out_key: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = Field(
        default="9", description="pressed during the abandoned-call message it ends all calls to the number"
    )


class RecordingsSection(Section):
    folder: Path = Field(
        default=Path("/var/lib/fairdial/recordings"), description="the store, as this service sees it"
    )
    landing: Path = Field(
        default=Path("/var/spool/asterisk/fairdial"),
        description="where Asterisk writes, as this service sees it",
    )
    landing_in_asterisk: Path | None = Field(default=None, description="the same folder as Asterisk sees it")
    workers: int = Field(default=1, ge=1, le=32, description="processes that work on finished recordings")
    our_place: str | None = Field(
        default=None,
        pattern=r"[A-Z]{2}(-[A-Z]{2})?",
        description="where the agents sit, such as US-TX; unknown: every recording is announced",
    )
    resume_after_s: int = Field(
        default=120, ge=5, le=3600, description="a pause for card data that nobody ends is over"
    )


class RegistriesSection(Section):
    """Do-not-call registries of whole countries; our own list is in the database."""

    folder: Path = Path("/var/lib/fairdial/registries")
    keep: int = Field(default=3, ge=1, le=1000, description="versions of each, the one in use included")


class RetentionSection(Section):
    """Days after which records go; 0: never. What the law or a legal hold keeps stays longer."""

    recordings_days: int = Field(default=365, ge=0)
    attempts_days: int = Field(default=1827, ge=0)
    call_events_days: int = Field(default=0, ge=0, description="timelines before their calls; 0: with them")
    refusals_days: int = Field(default=365, ge=0)
    consents_days: int = Field(default=1827, ge=0, description="after they ended")
    do_not_call_days: int = Field(default=365, ge=0, description="after an entry expired")
    flow_clips_days: int = Field(default=365, ge=0, description="what callers said in flows, as sound")
    flow_requests_days: int = Field(default=365, ge=0, description="call-backs, voicemails, text messages")
    flow_calls_days: int = Field(default=1827, ge=0, description="calls in flows, with their answers")
    at: str = Field(default="03:30", pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]", description="each night")


class PromptsSection(Section):
    folder: Path = Path("/usr/share/asterisk/sounds/fairdial")


class RulesSection(Section):
    """The rules of law come with the product; the operator may add to them."""

    file: Path | None = Field(
        default=None, description="a YAML file of profiles of your own, or that tighten the product's"
    )


class IvrSection(Section):
    """What flows may reach, and where the fallback leaves call-backs while the service is away."""

    spool: Path = Field(
        default=Path("/var/spool/fairdial/callbacks"), description="call-backs that the fallback took"
    )
    http_hosts: tuple[Line, ...] = Field(
        default=(),
        description="hosts that flows may ask, such as crm.example.com or *.example.com; each flow has its own list besides",
    )
    http_plain: tuple[Line, ...] = Field(default=(), description="of these, the ones asked without TLS")
    http_private: bool = Field(default=False, description="they may have addresses inside the house")
    prompts: Path = Field(
        default=Path("/var/lib/fairdial/ivr-prompts"), description="what `fairdial ivr prompts build` made"
    )
    prompts_in_asterisk: Line = Field(default="", description="the same folder as Asterisk sees it")
    clips: Path = Field(
        default=Path("/var/spool/asterisk/fairdial"),
        description="where Asterisk puts what callers say, as this service sees it",
    )
    clips_in_asterisk: Line = Field(default="", description="the same folder as Asterisk sees it")
    trunk: str | None = Field(
        default=None, description="over which flows transfer to telephone numbers; none: they do not"
    )
    numbers: tuple[Line, ...] = Field(
        default=(),
        description="what the numbers they transfer to begin with, such as +1212 or +8610; none given: all but premium-rate",
    )
    sip_trunk: str | None = Field(
        default=None, description="over which flows transfer to SIP addresses; none: they do not"
    )
    sip_hosts: tuple[Line, ...] = Field(
        default=(),
        description="the hosts of these addresses, such as pbx.example.com or *.example.com; no other is dialled",
    )
    direct_queue: str | None = Field(
        default=None,
        description="the queue whose plan holds for callers who want one agent by name; none: the only one that is open",
    )


class SmsSection(Section):
    """The gateway that text messages of flows are handed to, or a relay in front of one: JSON over HTTP."""

    url: Line | None = Field(default=None, description="messages are posted there; none: they wait")
    token: SecretStr | None = Field(default=None, description="sent as Authorization: Bearer")
    sender: Line = Field(default="", max_length=20, description="`from`; empty: the gateway's own")
    timeout_s: float = Field(default=15.0, ge=1, le=120)
    tries: int = Field(default=8, ge=1, le=100, description="after 10 s, 30 s, 90 s and so on, then failed")
    hours: float = Field(default=6.0, gt=0, le=168, description="so long after it was asked for it is sent")


class LogSection(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="FAIRDIAL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    database_url: SecretStr = SecretStr("postgresql://fairdial@127.0.0.1:5432/fairdial")
    database_pool: int = Field(default=8, ge=2, le=100)
    language: Literal["en", "zh"] = "en"
    default_region: str = Field(
        default="US", pattern=r"[A-Z]{2}", description="for numbers written without +country"
    )
    time_zone: str = Field(default="UTC", description="in which the operator is shown times")
    ami: AmiSection = AmiSection()
    agi: AgiSection = AgiSection()
    ears: EarsSection = EarsSection()
    http: HttpSection = HttpSection()
    asterisk: AsteriskSection = AsteriskSection()
    trunks: dict[str, TrunkSection] = Field(default_factory=dict)
    phones: dict[str, PhoneSection] = Field(default_factory=dict)
    recordings: RecordingsSection = RecordingsSection()
    registries: RegistriesSection = RegistriesSection()
    prompts: PromptsSection = PromptsSection()
    retention: RetentionSection = RetentionSection()
    rules: RulesSection = RulesSection()
    ivr: IvrSection = IvrSection()
    sms: SmsSection = SmsSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: list[PydanticBaseSettingsSource] = [
            init_settings,
            _PlainEnvironment(settings_cls),
            _SecretFiles(settings_cls),
        ]
        if (file := config_file(os.environ)) is not None:
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=file))
        return tuple(sources)


class _PlainEnvironment(EnvSettingsSource):
    """The environment without the `…_FILE` names, which belong to `_SecretFiles`."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {
            name: value for name, value in super()._load_env_vars().items() if not _names_secret(name.upper())
        }


def _names_secret(name: str) -> bool:
    """`…__FILE` is a setting called file, such as `rules.file`."""
    return name.endswith("_FILE") and not name.endswith("__FILE")


class _SecretFiles(PydanticBaseSettingsSource):
    """`FAIRDIAL_AMI__SECRET_FILE=/run/secrets/ami` reads the value of `FAIRDIAL_AMI__SECRET` from that file."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, path in os.environ.items():
            if name.startswith("FAIRDIAL_") and _names_secret(name):
                *parents, leaf = name.removeprefix("FAIRDIAL_").removesuffix("_FILE").lower().split("__")
                _place(found, parents, leaf, _read_secret(name, path))
        return found


def _place(tree: dict[str, Any], parents: list[str], leaf: str, value: str) -> None:
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[leaf] = value


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise Misconfigured(f"{name}: cannot read {path}: {unreadable}") from unreadable


def config_file(environment: Mapping[str, str]) -> Path | None:
    """The TOML file in force. A file named by `FAIRDIAL_CONFIG` must exist."""
    if named := environment.get("FAIRDIAL_CONFIG"):
        if not Path(named).is_file():
            raise Misconfigured(f"FAIRDIAL_CONFIG: there is no file {named}")
        return Path(named)
    return next((place for place in CONFIG_PLACES if place.is_file()), None)


def load() -> Settings:
    """The settings in force. Raises `Misconfigured` with one line for each thing that is wrong."""
    try:
        settings = Settings()
    except ValidationError as wrong:
        raise Misconfigured("\n".join(_complaint(error) for error in wrong.errors())) from None
    except ValueError as broken:
        raise Misconfigured(f"{config_file(os.environ)}: {broken}") from None
    if complaints := inconsistencies(settings):
        raise Misconfigured("\n".join(complaints))
    return settings


def _complaint(error: Mapping[str, Any]) -> str:
    """The input itself is left out: it may be a secret."""
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def inconsistencies(settings: Settings) -> list[str]:
    """What single fields cannot see."""
    wrong = [
        f"{kind}.{name}: a name is 1 to 40 of a-z 0-9 _ - and begins with a letter or digit"
        for kind, names in (("trunks", settings.trunks), ("phones", settings.phones))
        for name in names
        if not _NAME.fullmatch(name)
    ]
    for name, trunk in settings.trunks.items():
        if trunk.register_with_carrier and not (trunk.username and trunk.password):
            wrong.append(f"trunks.{name}: register_with_carrier needs username and password")
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", trunk.caller_id):
            wrong.append(f"trunks.{name}.caller_id: must be an E.164 number such as +12025550100")
    if settings.asterisk.rtp_end <= settings.asterisk.rtp_start:
        wrong.append("asterisk.rtp_end: must be above rtp_start")
    if settings.ears.public_address is None and settings.ears.host in ("0.0.0.0", "::"):  # noqa: S104  # compared
        wrong.append("ears.public_address: say at which host:port Asterisk reaches the ears")
    if settings.ears.public_address is not None and settings.ears.port == 0:
        wrong.append("ears.port: with a public_address the port must be given too")
    if settings.sms.url is not None and not _carries_secrets(settings.sms.url):
        wrong.append("sms.url: must begin with https://, or with http:// and an address inside the house")
    return wrong


def _carries_secrets(url: str) -> bool:
    """Encrypted, or not on its way through the world; without a user, who would stand in logs."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (_is_loopback(host) or _is_private(host)))


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host  # a name of the house network, such as that of a container


def exposed(settings: Settings) -> list[str]:
    """Ports that listen beyond this machine: worth a line in the log."""
    listening = {"http": settings.http.host, "agi": settings.agi.host}
    if settings.ears.enabled:
        listening["ears"] = settings.ears.host
    return [name for name, host in listening.items() if not _is_loopback(host)]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def redacted(settings: Settings) -> dict[str, Any]:
    """For people's eyes: every secret is replaced, a database URL keeps all but its password."""
    shown = settings.model_dump(mode="json")
    url = settings.database_url.get_secret_value()
    shown["database_url"] = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:**********@", url)
    return shown
