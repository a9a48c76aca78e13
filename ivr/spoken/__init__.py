"""Numbers, amounts, dates, times and telephone numbers as the words a synthesiser is to say. Pure text."""

from ivr.spoken.formats import FORMATS, speak, vocabulary
from ivr.spoken.spoken import Spoken

__all__ = ["FORMATS", "Spoken", "speak", "vocabulary"]
