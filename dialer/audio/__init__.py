"""What is heard before a call is answered: ring-back tones by country, busy-like tones, announcements, music.

Samples in, verdicts out. Pure: no I/O but the table that ships with the package, no clock, no asyncio. For many
streams at once: `ear.ToneEar`. For one file: `ear.listen`. Time is counted in samples heard.
"""
