"""The ears' own process, to which Asterisk brings the sound of lines over AudioSocket, and the engine's client of it."""
