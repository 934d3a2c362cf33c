"""What tests in a browser look at on every page."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

Look = Callable[..., AbstractContextManager[Page]]

PAGES: Sequence[str] = (
    "/",
    "/?sort=-memory&filter=memory%3Elots",
    "/servers/cache-1",
    "/servers/sessions%2F1%20%3Cb%3E%26?range=15m",
    "/alerts",
    "/silences",
    "/silences/new",
    '/silences/new?filter={alertname=~"Redis.*"}',
    "/notifications",
    "/rules",
    "/status",
    "/graph?g0.expr=redis_up&g0.tab=1&g1.expr=redis_up&g1.tab=0&g2.expr=rate(foo)",
    "/graph?g0.range_input=never",
    "/search",
    "/search?q=redis",
    "/no/such/page",
)
"""The pages, with something on them."""


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG on a page, one line each."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
