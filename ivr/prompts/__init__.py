"""Words become sound files when a flow is published, and a call only looks them up.

`catalogue` says what a flow may say, `building` has it spoken or takes recordings, `book` is what a call asks.
"""

from ivr.prompts.book import FileBook
from ivr.prompts.building import Built, build
from ivr.prompts.catalogue import Line, catalogue
from ivr.prompts.settings import Settings, settings_of

__all__ = ["Built", "FileBook", "Line", "Settings", "build", "catalogue", "settings_of"]
