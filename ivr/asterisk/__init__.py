"""Flows on Asterisk: `FlowScript` is a script of our FastAGI server that takes a caller through a flow.

One session a call, stored at every step before the step is carried out: whoever answers the caller next, this process or
another, takes it up from there.
"""

from ivr.asterisk.call import Dialplan
from ivr.asterisk.effects import Effects
from ivr.asterisk.first_words import FirstWords
from ivr.asterisk.flow_script import Flows, FlowScript, PublishedFlows
from ivr.asterisk.line import Recordings
from ivr.asterisk.sounds import Sounds

__all__ = [
    "Dialplan",
    "Effects",
    "FirstWords",
    "FlowScript",
    "Flows",
    "PublishedFlows",
    "Recordings",
    "Sounds",
]
