"""What every store of attempts promises: the one in memory that the engine is tested with, and Postgres."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AttemptId, CampaignId, RunnerId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.dialling import DialFacts
from dialer.ports.storage import (
    AttemptStore,
    ClaimedContact,
    DoNotCallEntry,
    Progress,
    Settlement,
    TimelineEntry,
)
from tests.integration.storage.rig import NOW, Rig, person
from tests.support.gate import judge_for, wanted_at
from tests.support.memory_ledger import MemoryAttempts, MemoryCampaigns

LATER = NOW + timedelta(hours=1)
MAIN = TrunkName("main")
RUNNING = Campaign(CampaignId(1), CampaignState.RUNNING, CampaignPlan("test", MAIN))


@dataclass
class Shelf:
    """One running campaign with three contacts that are due, whichever the store is."""

    attempts: AttemptStore
    campaign: CampaignId
    block: Callable[[PhoneNumber], Awaitable[object]]
    stop: Callable[[], Awaitable[object]]
    runner: RunnerId

    async def claim(self, most: int = 1, now: datetime = NOW) -> list[ClaimedContact]:
        return list(await self.attempts.claim(self.campaign, self.runner, most, now))

    async def begin(self, *claimed: ClaimedContact, runner: RunnerId | None = None) -> frozenset[AttemptId]:
        permits = await self.attempts.begin_dialling(
            [each.attempt for each in claimed],
            runner or self.runner,
            wanted_at(NOW),
            judge_for(replace(RUNNING, id=self.campaign), NOW),
        )
        return frozenset(each.attempt for each in permits)

    async def facts(self, *claimed: ClaimedContact, now: datetime = NOW) -> list[DialFacts]:
        return list(await self.attempts.facts(claimed, wanted_at(now)))


async def in_memory() -> Shelf:
    attempts = MemoryAttempts()
    campaigns = MemoryCampaigns(attempts)
    campaign = campaigns.run(CampaignPlan("test", MAIN))
    for nth in range(3):
        attempts.add(campaign, person(nth).numbers[0].number.e164, NOW)

    async def block(number: PhoneNumber) -> None:
        attempts.do_not_call.add(number.e164)

    async def stop() -> None:
        await campaigns.move_campaign(campaign, CampaignSignal.PAUSE, NOW)

    return Shelf(attempts, campaign, block, stop, RunnerId(uuid4()))


async def in_postgres(request: pytest.FixtureRequest) -> Shelf:
    rig = await Rig.set_up(request.getfixturevalue("store"))
    assert await rig.add(*(person(nth) for nth in range(3))) == []
    store = rig.store
    return Shelf(
        store.attempts,
        rig.campaign,
        lambda number: store.do_not_call.add_do_not_call([DoNotCallEntry(number, None, "test", "", NOW)]),
        lambda: store.campaigns.move_campaign(rig.campaign, CampaignSignal.PAUSE, NOW),
        rig.runner,
    )


@pytest.fixture(
    params=[
        pytest.param("memory", marks=pytest.mark.unit),
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        request.getfixturevalue("store")
    return str(request.param)


@pytest.fixture
async def shelf(kind: str, request: pytest.FixtureRequest) -> Shelf:
    return await (in_memory() if kind == "memory" else in_postgres(request))


def end(
    claimed: ClaimedContact,
    disposition: Disposition = Disposition.BUSY,
    state: ContactState = ContactState.READY,
    due_at: datetime | None = LATER,
    dialled: bool = True,
) -> Settlement:
    return Settlement(
        claimed.attempt,
        claimed.contact,
        claimed.number_id,
        disposition,
        "because of the test",
        NOW,
        HangupCause(17, 486, "busy"),
        False,
        dialled,
        state,
        due_at,
        "next step",
        False,
    )


async def test_a_claimed_contact_is_nobody_elses(shelf: Shelf) -> None:
    first = await shelf.claim(2)
    second = await shelf.claim(2)
    assert len(first) == 2
    assert len({each.contact for each in first + second}) == 3
    assert await shelf.claim(2) == []


async def test_a_release_undoes_the_claim(shelf: Shelf) -> None:
    (claimed,) = await shelf.claim()
    await shelf.attempts.release([claimed.attempt])
    await shelf.attempts.release([claimed.attempt])
    again = await shelf.claim(3)
    assert claimed.contact in {each.contact for each in again}
    assert not any(each.attempts or each.tally for each in again)


async def test_only_a_free_number_of_a_running_campaign_and_of_this_runner_is_dialled(shelf: Shelf) -> None:
    free, blocked, foreign = await shelf.claim(3)
    await shelf.block(blocked.number)
    assert await shelf.begin(foreign, runner=RunnerId(uuid4())) == frozenset()
    assert await shelf.begin(free, blocked) == {free.attempt}
    assert await shelf.begin(free) == frozenset()
    await shelf.stop()
    assert await shelf.begin(foreign) == frozenset()


async def test_the_list_is_among_the_facts_of_a_claim(shelf: Shelf) -> None:
    await shelf.block(person(1).numbers[0].number)
    facts = await shelf.facts(*await shelf.claim(3))
    listed = {each.number: each.lists.internal_dnc is not None for each in facts}
    assert listed == {person(nth).numbers[0].number: nth == 1 for nth in range(3)}


async def test_a_settled_attempt_counts_and_its_contact_comes_back_when_it_is_due(shelf: Shelf) -> None:
    (claimed,) = await shelf.claim()
    await shelf.begin(claimed)
    await shelf.attempts.settle([end(claimed)], [TimelineEntry(claimed.attempt, NOW, "ended")])
    assert claimed.contact not in {each.contact for each in await shelf.claim(3)}
    (again,) = await shelf.claim(3, LATER)
    assert (again.contact, again.attempts, dict(again.tally)) == (claimed.contact, 1, {"busy": 1})


async def test_settling_again_changes_nothing(shelf: Shelf) -> None:
    (claimed,) = await shelf.claim()
    await shelf.begin(claimed)
    await shelf.attempts.settle([end(claimed)], [])
    await shelf.attempts.settle([end(claimed, Disposition.NO_ANSWER)], [])
    again = next(each for each in await shelf.claim(3, LATER) if each.contact == claimed.contact)
    assert (again.attempts, dict(again.tally)) == (1, {"busy": 1})


async def test_what_was_not_dialled_does_not_count(shelf: Shelf) -> None:
    (claimed,) = await shelf.claim()
    await shelf.attempts.settle([end(claimed, Disposition.REFUSED, dialled=False)], [])
    again = next(each for each in await shelf.claim(3, LATER) if each.contact == claimed.contact)
    assert (again.attempts, dict(again.tally)) == (0, {"refused": 1})


async def test_open_attempts_go_to_the_next_runner_once_with_what_was_known(shelf: Shelf) -> None:
    claimed, dialled, done = await shelf.claim(3)
    await shelf.begin(dialled, done)
    moved = Progress(dialled.attempt, AttemptState.WAITING, rang_at=NOW, answered_at=LATER)
    await shelf.attempts.record([moved], [])
    await shelf.attempts.settle([end(done)], [])
    heir = RunnerId(uuid4())
    taken = {each.claimed.attempt: each for each in await shelf.attempts.open_attempts(heir)}
    assert {attempt: each.state for attempt, each in taken.items()} == {
        claimed.attempt: AttemptState.CLAIMED,
        dialled.attempt: AttemptState.WAITING,
    }
    assert (taken[dialled.attempt].rang_at, taken[dialled.attempt].answered_at) == (NOW, LATER)
    assert taken[dialled.attempt].trunk == MAIN
    assert list(await shelf.attempts.open_attempts(heir)) == []
    assert await shelf.begin(claimed) == frozenset()


async def test_an_ended_attempt_is_not_moved_by_late_news(shelf: Shelf) -> None:
    (claimed,) = await shelf.claim()
    await shelf.begin(claimed)
    await shelf.attempts.settle([end(claimed)], [])
    await shelf.attempts.record([Progress(claimed.attempt, AttemptState.RINGING, rang_at=NOW)], [])
    assert list(await shelf.attempts.open_attempts(RunnerId(uuid4()))) == []


async def test_unheard_claims_and_commitments_are_put_back_and_known_ones_stay(shelf: Shelf) -> None:
    known, claimed, committed = await shelf.claim(3)
    await shelf.begin(known, committed)
    assert await shelf.attempts.put_back_unsent(shelf.runner, {known.attempt}) == 2
    assert {each.contact for each in await shelf.claim(3)} == {claimed.contact, committed.contact}
