"""Everything the program keeps in Postgres, behind one door."""

from dataclasses import dataclass
from typing import Self

import asyncpg

from dialer.clock import Clock
from dialer.ports import storage
from dialer.ports.callers import CallerStore
from dialer.ports.consent import ConsentStore
from dialer.ports.dialling import GateRecords
from dialer.ports.hearing import TrunkToneStore
from dialer.ports.ivr import CallerRequests, InboundRoutes, IvrCalls, IvrFlows, Surveys
from dialer.ports.ledger import LedgerStore
from dialer.ports.pacing import PacingStore
from dialer.ports.privacy import PrivacyStore, RetentionStore
from dialer.ports.texts import TextOutbox
from dialer.storage.postgres.agents import PostgresAgents
from dialer.storage.postgres.attempts import PostgresAttempts
from dialer.storage.postgres.campaigns import PostgresCampaigns
from dialer.storage.postgres.changes import PostgresChanges
from dialer.storage.postgres.consent import PostgresConsent
from dialer.storage.postgres.contacts import PostgresContacts
from dialer.storage.postgres.do_not_call import PostgresDoNotCall
from dialer.storage.postgres.gate import PostgresGate
from dialer.storage.postgres.history import PostgresHistory
from dialer.storage.postgres.ivr_flows import PostgresIvrFlows
from dialer.storage.postgres.ivr_requests import RequestDesk
from dialer.storage.postgres.ivr_routes import PostgresInboundRoutes
from dialer.storage.postgres.ivr_sessions import PostgresIvrSessions
from dialer.storage.postgres.ivr_surveys import PostgresSurveys
from dialer.storage.postgres.ledger import PostgresLedger
from dialer.storage.postgres.pacing import PostgresPacing
from dialer.storage.postgres.pool import Database, create_pool
from dialer.storage.postgres.privacy import PostgresPrivacy
from dialer.storage.postgres.recordings import PostgresRecordings
from dialer.storage.postgres.retention import PostgresRetention
from dialer.storage.postgres.runners import PostgresRunners
from dialer.storage.postgres.texts import PostgresTexts
from dialer.storage.postgres.tones import PostgresTones
from dialer.storage.postgres.users import PostgresUsers


@dataclass(frozen=True, slots=True)
class PostgresStore:
    database: Database
    attempts: PostgresAttempts
    agents: PostgresAgents
    campaigns: PostgresCampaigns
    consent: PostgresConsent
    contacts: PostgresContacts
    do_not_call: PostgresDoNotCall
    gate: PostgresGate
    history: PostgresHistory
    inbound: PostgresInboundRoutes
    ivr_calls: PostgresIvrSessions
    ivr_flows: PostgresIvrFlows
    ivr_requests: RequestDesk
    surveys: PostgresSurveys
    ledger: PostgresLedger
    pacing: PostgresPacing
    privacy: PostgresPrivacy
    recordings: PostgresRecordings
    retention: PostgresRetention
    texts: PostgresTexts
    users: PostgresUsers
    runners: PostgresRunners
    tones: PostgresTones
    changes: PostgresChanges

    @classmethod
    async def open(cls, dsn: str, pool_size: int, clock: Clock, region: str = "US") -> Self:
        """`region`: of callers' numbers without a country code. Raises `StorageDown` or `Misconfigured`. The schema is not looked at: see `migrate.check_current`."""
        database = Database(await create_pool(dsn, pool_size))
        return cls(
            database=database,
            attempts=PostgresAttempts(database),
            agents=PostgresAgents(database),
            campaigns=PostgresCampaigns(database),
            consent=PostgresConsent(database),
            contacts=PostgresContacts(database),
            do_not_call=PostgresDoNotCall(database),
            gate=PostgresGate(database),
            history=PostgresHistory(database),
            inbound=PostgresInboundRoutes(database),
            ivr_calls=PostgresIvrSessions(database, region),
            ivr_flows=PostgresIvrFlows(database),
            ivr_requests=RequestDesk(database, clock, region),
            surveys=PostgresSurveys(database),
            ledger=PostgresLedger(database),
            pacing=PostgresPacing(database),
            privacy=PostgresPrivacy(database),
            recordings=PostgresRecordings(database),
            retention=PostgresRetention(database),
            texts=PostgresTexts(database),
            users=PostgresUsers(database),
            runners=PostgresRunners(dsn),
            tones=PostgresTones(database),
            changes=PostgresChanges(dsn, clock),
        )

    @property
    def pool(self) -> asyncpg.Pool:
        return self.database.pool

    async def close(self) -> None:
        await self.changes.close()
        await self.runners.close()
        await self.database.close()


# the type checker proves that each part keeps its contract
_parts: tuple[
    type[storage.AttemptStore],
    type[CallerStore],
    type[storage.AgentStore],
    type[storage.CampaignStore],
    type[storage.ContactStore],
    type[storage.DoNotCallStore],
    type[GateRecords],
    type[storage.AttemptHistory],
    type[LedgerStore],
    type[PacingStore],
    type[ConsentStore],
    type[PrivacyStore],
    type[RetentionStore],
    type[storage.RecordingIndex],
    type[storage.UserStore],
    type[storage.RunnerStore],
    type[TrunkToneStore],
    type[storage.Changes],
    type[IvrCalls],
    type[IvrFlows],
    type[CallerRequests],
    type[InboundRoutes],
    type[TextOutbox],
    type[Surveys],
] = (
    PostgresAttempts,
    PostgresAttempts,
    PostgresAgents,
    PostgresCampaigns,
    PostgresContacts,
    PostgresDoNotCall,
    PostgresGate,
    PostgresHistory,
    PostgresLedger,
    PostgresPacing,
    PostgresConsent,
    PostgresPrivacy,
    PostgresRetention,
    PostgresRecordings,
    PostgresUsers,
    PostgresRunners,
    PostgresTones,
    PostgresChanges,
    PostgresIvrSessions,
    PostgresIvrFlows,
    RequestDesk,
    PostgresInboundRoutes,
    PostgresTexts,
    PostgresSurveys,
)
