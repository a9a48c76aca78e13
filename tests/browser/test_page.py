"""The live page in a real browser: signing in, moving figures, languages, losing and finding the service again."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import CHROMIUM, Site
from tests.support.fake_floor import afternoon, later

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


async def open_page(browser: Browser, site: Site, locale: str = "en-US") -> tuple[Page, list[str]]:
    page = await (await browser.new_context(locale=locale)).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(site.url)
    return page, complaints


async def sign_in(page: Page) -> None:
    await page.fill("#name", "ana")
    await page.fill("#password", "a long password")
    await page.click("button.main")
    await page.wait_for_selector("#campaigns tbody tr")


async def test_figures_move_and_nothing_breaks_the_policy(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    page, complaints = await open_page(browser, site)
    await sign_in(page)
    in_progress = page.locator("#tiles dl").nth(2).locator("dd")
    await expect(in_progress).to_have_text("13")
    await site.floor.publish(replace(later(afternoon(calls=21), 1)))
    await expect(in_progress).to_have_text("25")
    await expect(page.locator("#abandonment tbody")).to_contain_text("Above 3 %")
    await expect(page.locator("#agents tbody tr")).to_have_count(12)
    await expect(page.locator("#agents tbody")).to_contain_text("nothing from the called person")
    shot = tmp_path / "page.png"
    await page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 10_000
    assert complaints == []


async def test_the_language_can_be_changed_and_is_remembered(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site)
    await sign_in(page)
    await page.get_by_role("button", name="中文").click()
    await expect(page.locator("#agents-title")).to_have_text("座席")
    await expect(page.locator("#agents tbody")).to_contain_text("收不到客户的声音")
    await expect(page.locator("#outcomes tbody")).to_contain_text("无应答")
    running = page.locator("#campaigns tbody tr").first
    await expect(running).to_contain_text("预测拨号")
    await expect(running).to_contain_text("目标线路 3 · 再多一路，接通时很可能没有空闲座席")
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    await page.reload()
    await expect(page.locator("#campaigns-title")).to_have_text("外呼任务")


async def test_a_chinese_browser_sees_chinese_at_once(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site, locale="zh-CN")
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()


async def test_a_token_signs_in_too_and_is_never_in_an_address(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    token = site.store.users.token_for("read_only")
    await page.get_by_label("Access token").check()
    await page.get_by_label("Token", exact=True).fill(token)
    await page.click("button.main")
    await page.wait_for_selector("#campaigns tbody tr")
    assert not any(token in address for address in [*addresses, page.url])
    assert await page.evaluate("localStorage.getItem('token')") is None


async def test_a_wrong_password_is_said_in_words(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site)
    await page.fill("#name", "ana")
    await page.fill("#password", "wrong")
    await page.click("button.main")
    await expect(page.get_by_role("alert")).to_have_text("Name, password or token is wrong")


async def test_stale_figures_are_said_to_be_stale(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site)
    await sign_in(page)
    await expect(page.locator("#link")).to_contain_text("No news for", timeout=9000)
    await site.floor.publish(later(afternoon(), 1))
    await expect(page.locator("#link")).to_have_text("Live")


async def test_a_revoked_token_leads_back_to_signing_in(browser: Browser, site: Site) -> None:
    page, _ = await open_page(browser, site)
    await sign_in(page)
    await page.evaluate("sessionStorage.setItem('token', 'fd_' + 'x'.repeat(43))")
    await page.reload()
    await expect(page.locator("#sign-in-form")).to_be_visible()


async def test_names_from_the_service_are_text_and_never_markup(browser: Browser, site: Site) -> None:
    page, complaints = await open_page(browser, site)
    await sign_in(page)
    snapshot = later(afternoon(), 1)
    evil = replace(snapshot.campaigns[0], name="<img src=x onerror=alert(1)>", pacing="<b>bold</b>")
    await site.floor.publish(replace(snapshot, campaigns=(evil, *snapshot.campaigns[1:])))
    await expect(page.locator("#campaigns tbody th").first).to_have_text("<img src=x onerror=alert(1)>")
    assert await page.locator("#campaigns img").count() == 0
    assert complaints == []
