"""Lays out the carrier and the phones: their own files over the shared ones of `asterisk-config`."""

from collections.abc import Mapping
from pathlib import Path

from dialer.lab.asterisk_instance import AsteriskInstance
from dialer.lab.world.drawn import ANSWERED, RINGS, TALKS, dialplan_list
from dialer.lab.world.voices import MACHINE, PERSON, answers, write_voices
from dialer.telephony.asterisk.markup import Scope, Values
from dialer.telephony.asterisk.render import render_folders, source_folder

_WORLD = Path(__file__).parent
_SPEECH = (
    "demo-congrats",
    "demo-instruct",
    "demo-moreinfo",
    "demo-abouttotry",
    "demo-enterkeywords",
    "vm-instructions",
)
_GREETING = ("vm-intro",)


def lay_out_carrier(instance: AsteriskInstance, sip_bind: str, pbx_uri: str, rtp: tuple[int, int]) -> None:
    drawn = {
        "rings": dialplan_list(RINGS),
        "talks": dialplan_list(TALKS),
        "answered": str(ANSWERED),
    }
    voices = instance.folder / "data/voices"
    there_are = answers(instance.program.english)
    said = {
        "voices": str(voices),
        "people": str(len(there_are[PERSON])),
        "machines": str(len(there_are[MACHINE])),
    }
    _lay_out(instance, "carrier", {**_values(instance, sip_bind, pbx_uri, rtp), **drawn, **said}, {})
    write_voices(voices, instance.program.english)


def lay_out_phones(
    instance: AsteriskInstance,
    sip_bind: str,
    pbx_uri: str,
    rtp: tuple[int, int],
    passwords: Mapping[str, str],
) -> None:
    """`passwords` by the phones' names."""
    pbx = pbx_uri.removeprefix("sip:")
    phones: list[Values] = [
        {"name": name, "password": password, "client_uri": f"sip:{name}@{pbx}"}
        for name, password in passwords.items()
    ]
    _lay_out(instance, "phones", _values(instance, sip_bind, pbx_uri, rtp), {"phone": phones})


def _values(
    instance: AsteriskInstance, sip_bind: str, pbx_uri: str, rtp: tuple[int, int]
) -> dict[str, str | None]:
    return {
        **instance.directories(),
        "system_name": instance.name,
        "sip_bind": sip_bind,
        "pbx_uri": pbx_uri,
        "rtp_start": str(rtp[0]),
        "rtp_end": str(rtp[1]),
        "http_host": None,
        "http_port": None,
        "speech": str(instance.folder / "data/speech"),
        "greeting": str(instance.folder / "data/greeting"),
    }


def _lay_out(instance: AsteriskInstance, kind: str, values: Values, each: Mapping[str, list[Values]]) -> None:
    instance.lay_out()
    for folder, names in (("speech", _SPEECH), ("greeting", _GREETING)):
        _link_prompts(instance.program.english, instance.folder / "data" / folder, names)
    render_folders([source_folder(), _WORLD / kind], instance.etc, Scope(values, each))


def _link_prompts(english: Path, folder: Path, names: tuple[str, ...]) -> None:
    folder.mkdir()
    for name in names:
        for file in english.glob(f"{name}.*"):
            (folder / file.name).symlink_to(file)
