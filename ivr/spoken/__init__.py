"""Numbers, amounts, dates, times and telephone numbers as the words a synthesiser is to say. Pure text."""

from ivr.spoken.formats import FORMATS, speak

__all__ = ["FORMATS", "speak"]
