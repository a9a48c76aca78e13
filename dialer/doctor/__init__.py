"""`fairdial doctor`: connects to each part of an installation and says what is missing and what to do about it."""
