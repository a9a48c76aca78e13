"""Numbers as callers and networks write them, in E.164 where they are numbers at all."""

from dialer.domain.phone_number import BadNumber, parse_number


def e164_of(written: str, region: str) -> str | None:
    """None for a withheld number, an extension, a short code. A number without its plus is tried with it as well."""
    for text in (written, f"+{written}"):
        try:
            return parse_number(text, region).e164
        except BadNumber:
            continue
    return None
