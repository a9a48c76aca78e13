"""The same flow as a script that an agent reads: words without keys, options to tick, where to go on."""

from ivr.script.document import Script, Step, script_of
from ivr.script.text import as_markdown

__all__ = ["Script", "Step", "as_markdown", "script_of"]
