"""Callers are sent back into a flow from the live page, by mouse and by keyboard."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.ids import AgentId
from dialer.ports.floor import FlowPlace, Snapshot
from tests.browser.conftest import CHROMIUM, Site
from tests.browser.test_page import open_page, sign_in
from tests.support.fake_floor import CALL, LIVE_CALL, OFFERED, afternoon, later
from tests.unit.dialer.web.conftest import attempt_view

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


def talking(snapshot: Snapshot, *agents: int) -> Snapshot:
    """Exactly these agents are on a call."""
    return replace(
        snapshot,
        agents=tuple(
            replace(each, state=AgentState.ON_CALL if each.id in agents else AgentState.READY)
            for each in snapshot.agents
        ),
    )


async def with_token(page: Page, site: Site, role: str, agent: int | None = None) -> None:
    token = site.store.users.token_for(role, agent)
    await page.get_by_label("Access token").check()
    await page.get_by_label("Token", exact=True).fill(token)
    await page.click("button.main")
    await page.wait_for_selector("#agents tbody tr")


async def test_a_supervisor_sends_a_caller_to_an_entry_point(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    site.floor.latest = talking(afternoon(), 1, 2)
    site.floor.calls[AgentId(2)] = CALL
    site.store.history.rows[LIVE_CALL] = attempt_view(LIVE_CALL, AttemptState.TALKING, 2)
    page, complaints = await open_page(browser, site)
    await sign_in(page)
    buttons = page.locator("#agents button")
    await expect(buttons).to_have_count(2)
    await buttons.first.focus()
    await site.floor.publish(talking(later(afternoon(), 1), 1, 2))
    await expect(page.locator("#updated")).to_contain_text("01")
    await expect(buttons.first).to_be_focused()  # the figures were drawn anew under it
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("+12025550144")
    choice = dialog.get_by_label("Where to")
    assert await choice.locator("optgroup").evaluate_all("groups => groups.map((one) => one.label)") == [
        "Service line"
    ]
    await choice.select_option(label="Front menu")
    shot = tmp_path / "return.png"
    await page.screenshot(path=shot)
    assert shot.stat().st_size > 10_000
    await choice.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_contain_text("was sent to “Front menu”")
    await expect(dialog).to_have_count(0)
    assert site.floor.sent == [(LIVE_CALL, FlowPlace("main-menu", "menu", None), "ana")]
    assert complaints == []


async def test_in_chinese_and_cancelled(browser: Browser, site: Site) -> None:
    site.floor.latest = talking(afternoon(), 1)
    page, _ = await open_page(browser, site, locale="zh-CN")
    await sign_in(page)
    await page.get_by_role("button", name="转回语音流程").click()
    await expect(page.get_by_role("dialog")).to_contain_text("主菜单")
    await expect(page.get_by_label("转到")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert site.floor.sent == []


async def test_what_the_service_refuses_is_said(browser: Browser, site: Site) -> None:
    site.floor.latest = talking(afternoon(), 1, 2)
    page, _ = await open_page(browser, site)
    await sign_in(page)
    site.floor.calls = {AgentId(2): replace(CALL, attempt=OFFERED)}  # over by the time it is sent
    gone, none = page.locator("#agents button").nth(0), page.locator("#agents button").nth(1)
    await gone.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator("#return-problem")).not_to_be_empty()
    assert site.floor.sent == []
    await page.keyboard.press("Escape")
    await none.click()
    await expect(page.locator("#notice")).to_contain_text("is on no call now")


@pytest.mark.parametrize(
    ("role", "agent", "buttons"), [("agent", 1, 1), ("agent", 3, 0), ("read_only", None, 0)]
)
async def test_agents_send_their_own_callers_and_viewers_none(
    browser: Browser, site: Site, role: str, agent: int | None, buttons: int
) -> None:
    site.floor.latest = talking(afternoon(), 1, 2)
    page, _ = await open_page(browser, site)
    async with page.expect_response("**/api/v1/me"):
        await with_token(page, site, role, agent)
    await expect(page.locator("#agents button")).to_have_count(buttons)
