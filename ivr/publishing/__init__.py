"""Published flows: unchangeable, known by the hash of what they say; and what differs between two."""

from ivr.publishing.difference import Change, difference
from ivr.publishing.files import FileStore
from ivr.publishing.publish import fetch, publish

__all__ = ["Change", "FileStore", "difference", "fetch", "publish"]
