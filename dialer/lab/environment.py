"""Settings as environment variables, to run the service as a program of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dialer.settings import Settings


class GivenSettings(Settings):
    """Just what is given: the lab is not affected by the settings of a service that lives on the same machine."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def as_environment(settings: Settings) -> dict[str, str]:
    """`FAIRDIAL_*` variables from which `dialer.settings.load()` makes the same settings. They hold secrets."""
    return {
        f"FAIRDIAL_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in ((name, _plain(getattr(settings, name))) for name in type(settings).model_fields)
    }


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case SecretStr():
            return value.get_secret_value()
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case Path():
            return str(value)
    return value
