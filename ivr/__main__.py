"""`python -m ivr`: the IVR by itself, without a dialler."""

from ivr.cli.main import run

run()
