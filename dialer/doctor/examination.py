"""All of it, in the order in which an operator would repair it."""

from collections.abc import AsyncIterator

from dialer.doctor.database import examine_database
from dialer.doctor.exchange import examine_exchange
from dialer.doctor.finding import Finding
from dialer.doctor.places import examine_folders, examine_host_name, examine_settings
from dialer.settings import Settings


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    for finding in examine_settings(settings):
        yield finding
    async for finding in examine_database(settings):
        yield finding
    for finding in examine_host_name(settings.ami.host):
        yield finding
    async for finding in examine_exchange(settings):
        yield finding
    for finding in examine_folders(settings):
        yield finding
