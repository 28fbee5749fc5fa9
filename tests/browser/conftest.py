"""A real headless Chromium, one browser for the session and a fresh context a test."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Service

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
SHOTS = Path("test-out/page")

OpenContext = Callable[..., Awaitable[BrowserContext]]


def find_chromium() -> str | None:
    """Find the browser of this machine; Debian's package is called chromium."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Run Chromium; where there is none, only CI insists on it."""
    program = find_chromium()
    if program is None:
        if "CROWNCAP_NEED_BROWSER" in os.environ:
            pytest.fail("There is no Chromium; apt-get install -y chromium.")
        pytest.skip("There is no Chromium; apt-get install -y chromium.")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_context(
    browser: Browser, service: Service
) -> AsyncIterator[OpenContext]:
    """Give a way to open a phone; every request that leaves the site fails the test."""
    strange: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> BrowserContext:
            chosen = {
                "viewport": {"width": 360, "height": 740},
                "locale": "en-US",
                "base_url": service.base_url,
                "extra_http_headers": {"X-Forwarded-For": fresh_address()},
            } | options
            context = await browser.new_context(**chosen)
            stack.push_async_callback(context.close)
            context.on(
                "request",
                lambda request: (
                    strange.append(request.url)
                    if not request.url.startswith((service.base_url + "/", "data:"))
                    else None
                ),
            )
            return context

        yield open_one
    assert strange == []
