"""A flow as a picture: Mermaid text, or an SVG that needs no other program."""

from ivr.diagram.mermaid import as_mermaid
from ivr.diagram.svg import as_svg

__all__ = ["as_mermaid", "as_svg"]
