"""Numbers in logs: enough to tell two callers apart, not enough to call one."""


def masked(number: str) -> str:
    """`+8613800138000` is `***8000`; a short one, an extension say, loses its first half."""
    shown = min(4, len(number) // 2)
    return f"***{number[len(number) - shown :]}" if number else ""
