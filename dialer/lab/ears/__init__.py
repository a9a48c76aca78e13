"""How well the tone ear hears: audio and expected values from other hands than the ear's own table and generator.

Tones are those of Debian's libtonezone and of Asterisk's indications.conf, rendered by SoX; they pass through G.711,
libgsm and opencore's AMR-NB; speech and music are Debian's.
"""
