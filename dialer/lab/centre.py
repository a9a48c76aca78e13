"""A whole call centre without its service: database, Asterisk, a carrier with subscribers, and agents' phones."""

import fcntl
import re
import secrets
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import SecretStr

from dialer.errors import Misconfigured
from dialer.lab import asterisk_program, processes
from dialer.lab.asterisk_instance import AsteriskInstance
from dialer.lab.environment import GivenSettings
from dialer.lab.ports import HOST, Ports
from dialer.lab.postgres import EmbeddedPostgres
from dialer.lab.prompts import cached_music, cached_prompts
from dialer.lab.world import call_records
from dialer.lab.world.configuration import lay_out_carrier, lay_out_phones
from dialer.settings import (
    AgiSection,
    AmiSection,
    AsteriskSection,
    HttpSection,
    IvrSection,
    PhoneSection,
    PromptsSection,
    RecordingsSection,
    Settings,
    TrunkSection,
)
from dialer.telephony.asterisk.render import HOLD, render, source_folder

PROJECT = Path(__file__).parents[2]
CALLER_ID = "+12025550100"
FALLBACK = PROJECT / "ivr/agi-bin/fallback.py"
OUR_TRUNK = "trunk-carrier"


class CallCentre:
    """A context manager. `settings` point the service at everything; the handles let a test break each part.

    The phones are agent-101, agent-102 …, tone-101 … and quiet-101 …: an agent's phone talks, a tone phone plays 440 Hz, a
    quiet one sends silence.
    """

    settings: Settings
    pbx: AsteriskInstance
    carrier: AsteriskInstance
    phones: AsteriskInstance
    postgres: EmbeddedPostgres | None
    """None when the database was given."""
    boot_complaints: dict[str, list[str]]
    """What each Asterisk warned of while it started; later calls may well add to its log."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        agents: int = 4,
        tone_agents: int = 0,
        quiet_agents: int = 0,
        channels: int = 30,
        calls_per_second: float = 5.0,
        http_port: int | None = None,
        database_url: str | None = None,
        fsync: bool = True,
        extra_trunks: Mapping[str, TrunkSection] | None = None,
    ) -> None:
        """`extra_trunks` lead to carriers that the caller brings along."""
        self.folder = (folder or PROJECT / ".run/centre").absolute()
        self.callbacks = self.folder / "callbacks"  # what the fallback IVR leaves
        self.phone_names = [f"agent-{101 + n}" for n in range(agents)]
        self.phone_names += [f"tone-{101 + n}" for n in range(tone_agents)]
        self.phone_names += [f"quiet-{101 + n}" for n in range(quiet_agents)]
        self._channels = channels
        self._calls_per_second = calls_per_second
        self._http_port = http_port
        self._database_url = database_url
        self._fsync = fsync
        self._extra_trunks = dict(extra_trunks or {})
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as building:
            self._own_folder(building)
            self._build(building)
            self._open = building.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _own_folder(self, building: ExitStack) -> None:
        """Two centres in one folder would overwrite each other's files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock: IO[str] = building.enter_context((self.folder / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(
                f"{self.folder} is in use by another call centre: stop it, or use another folder"
            ) from None

    def _build(self, building: ExitStack) -> None:
        program = asterisk_program.find()
        extra = sum(trunk.channels for trunk in self._extra_trunks.values())
        rtp = {"pbx": self._rtp(2) + 3 * extra, "carrier": self._rtp(1), "phones": self._rtp(1)}
        ports = building.enter_context(Ports(sum(rtp.values()) + 20))
        self.pbx, self.carrier, self.phones = (
            AsteriskInstance(program, name, self.folder / name) for name in ("pbx", "carrier", "phones")
        )
        self.postgres = None
        if self._database_url is None:
            self.postgres = EmbeddedPostgres(self.folder / "postgres", fsync=self._fsync)
            building.callback(self.postgres.stop)
            self._database_url = self.postgres.start()
        carrier_port, phones_port = ports.one(), ports.one()
        self.settings = self._make_settings(ports, carrier_port, rtp["pbx"])
        pbx_uri = f"sip:{self.settings.asterisk.sip_bind}"
        self._lay_out_pbx()
        lay_out_carrier(self.carrier, f"{HOST}:{carrier_port}", pbx_uri, ports.span(rtp["carrier"]))
        passwords = {name: phone.password.get_secret_value() for name, phone in self.settings.phones.items()}
        lay_out_phones(self.phones, f"{HOST}:{phones_port}", pbx_uri, ports.span(rtp["phones"]), passwords)
        self._start(building)

    def _rtp(self, legs: int) -> int:
        """Two ports for each leg, and room for those that are just being given back."""
        return 100 + 3 * legs * (self._channels + len(self.phone_names))

    def _start(self, building: ExitStack) -> None:
        instances = (self.pbx, self.carrier, self.phones)
        for each in instances:
            building.callback(each.stop)
            each.start()
        for each in instances:
            each.wait_booted()
        self.boot_complaints = {each.name: each.complaints() for each in instances}
        self.wait_reachable()

    def _lay_out_pbx(self) -> None:
        self.pbx.lay_out()
        for folder in (self.settings.recordings.folder, self.settings.recordings.landing):
            folder.mkdir(parents=True, exist_ok=True)
        self.settings.prompts.folder.mkdir(parents=True)
        for prompt in cached_prompts():
            shutil.copy(prompt, self.settings.prompts.folder)
        music = self.settings.prompts.folder / HOLD
        music.mkdir()
        shutil.copy(cached_music(), music)
        for folder in (self.callbacks, self.settings.ivr.clips):
            folder.mkdir(exist_ok=True)
        # classic AGI scripts run under the interpreter that has our packages
        fallback = Path(self.settings.asterisk.fallback_script)
        spool = f'FAIRDIAL_SPOOL="{self.callbacks}"'
        fallback.write_text(f'#!/bin/sh\n{spool} exec "{sys.executable}" "{FALLBACK}" "$@"\n', "utf-8")
        fallback.chmod(0o755)
        render(self.settings, source_folder(), self.pbx.etc, self.pbx.directories())

    def _make_settings(self, ports: Ports, carrier_port: int, rtp: int) -> Settings:
        first, last = ports.span(rtp)
        return GivenSettings(
            database_url=SecretStr(self._database_url or ""),
            ami=AmiSection(port=ports.one(), secret=_secret()),
            agi=AgiSection(port=ports.one()),
            http=HttpSection(port=self._http_port or ports.one()),
            asterisk=AsteriskSection(
                sip_bind=f"{HOST}:{ports.one()}",
                http_bind=f"{HOST}:{ports.one()}",
                rtp_start=first,
                rtp_end=last,
                fallback_script=str(self.folder / "fallback"),
            ),
            trunks={"carrier": self._trunk(carrier_port), **self._extra_trunks},
            phones={name: PhoneSection(password=_secret()) for name in self.phone_names},
            recordings=RecordingsSection(
                folder=self.folder / "recordings", landing=self.folder / "landing", our_place="US-DC"
            ),
            prompts=PromptsSection(folder=self.pbx.sounds / "fairdial"),
            ivr=IvrSection(
                spool=self.callbacks, prompts=self.folder / "ivr-prompts", clips=self.folder / "clips"
            ),
        )

    def _trunk(self, port: int) -> TrunkSection:
        return TrunkSection(
            address=f"{HOST}:{port}",
            caller_id=CALLER_ID,
            calls_per_second=self._calls_per_second,
            channels=self._channels,
        )

    # --- what tests and the demo ask ---

    def registered(self) -> set[str]:
        """The phones that the exchange knows an address of."""
        return self._contacts().keys() & set(self.phone_names)

    def _contacts(self) -> dict[str, str]:
        """Phones and trunks with what the exchange thinks of each: Avail, Unavail, or not asked yet."""
        listed = self.pbx.cli("pjsip show contacts")
        return dict(re.findall(r"^\s*Contact:\s+([\w-]+)/\S+\s+\S+\s+(\w+)", listed, re.MULTILINE))

    def wait_reachable(self, timeout: float = 30) -> None:
        """Until calls to the carrier and to every phone would be placed."""
        wanted = {*self.phone_names, OUR_TRUNK}
        if not processes.wait_until(lambda: not wanted - self._reached(), timeout, every=0.5):
            raise Misconfigured(
                f"out of the exchange's reach after {timeout:.0f} s: {', '.join(sorted(wanted - self._reached()))}; "
                f"{self.phones.log} says:\n{self.phones.log_tail()}"
            )

    def _reached(self) -> set[str]:
        """Who did not answer is asked again at once: by itself the exchange would do so after 20 seconds."""
        contacts = self._contacts()
        for name, status in contacts.items():
            if status == "Unavail":
                self.pbx.cli(f"pjsip qualify {name}")
        return {name for name, status in contacts.items() if status == "Avail"}

    def drop_phone(self, name: str) -> bool:
        """Hangs up at the phone, as when its battery dies. Whether it was in a call."""
        for line in self.phones.cli("core show channels concise").splitlines():
            channel, _, extension, *_ = [*line.split("!"), "", "", ""]
            if extension == name:
                self.phones.cli(f"channel request hangup {channel}")
                return True
        return False

    def call_records(self) -> list[call_records.CallRecord]:
        """What the carrier recorded, a line for each call that has ended."""
        return call_records.read(self.carrier.folder / "log/cdr-custom/calls.csv")


def _secret() -> SecretStr:
    return SecretStr(secrets.token_hex(16))
