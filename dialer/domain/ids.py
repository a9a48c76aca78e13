"""Identifiers that cannot be swapped for each other."""

from typing import NewType
from uuid import UUID

CampaignId = NewType("CampaignId", int)
ContactId = NewType("ContactId", int)
NumberId = NewType("NumberId", int)
AttemptId = NewType("AttemptId", UUID)
AgentId = NewType("AgentId", int)
RunnerId = NewType("RunnerId", UUID)
TrunkName = NewType("TrunkName", str)
