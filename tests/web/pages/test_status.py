"""The page about the daemon itself, and its button that reloads the files."""

import re
from collections.abc import Sequence

from exporter.errors import ConfigError, Problem, VigilError
from exporter.events import Event, EventKind, Fields
from exporter.web.pages.context import PageContext
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, visit

FAULT = ConfigError([Problem(("global", "x<b>"), "unknown key\x1b", file="config.yml")])


class Reloads:
    """A reloader that does what it is told to, and keeps events as the real one does."""

    def __init__(self) -> None:
        self.succeeded = True
        self.loaded_at = 0.0
        self.restart_needed: Sequence[str] = ()
        self.warnings: Sequence[str] = ()
        self.count = 0
        self.error: VigilError | None = None
        self.context: PageContext | None = None

    async def reload(self) -> None:
        self.count += 1
        self.succeeded = self.error is None
        assert self.context is not None
        fields = {"outcome": "failed", "error": str(self.error)} if self.error else {"outcome": "succeeded"}
        self.context.events.record(Event.of(self.context.clock.now(), "", EventKind.RELOAD, fields))
        if self.error:
            raise self.error


def world() -> tuple[PageContext, Reloads]:
    reloads = Reloads()
    context = page_context(reloads=reloads)
    reloads.context, reloads.loaded_at = context, context.clock.now()
    return context, reloads


def seen(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_the_files_are_reloaded_and_the_page_says_how_that_went() -> None:
    context, reloads = world()

    async def story(visitor: Visitor) -> None:
        assert "redis-vigil runs for" in seen(await visitor.get("/status"))
        await visitor.submit()
        assert "Reloaded" in seen(await visitor.follow())
        reloads.error = FAULT
        await visitor.submit()
        page = await visitor.follow()
        assert "The last reload was refused" in seen(page)
        assert "unknown key\\x1b" in seen(page)
        assert "x<b>" not in page
        assert reloads.count == 2
        await visitor.submit(token="old")
        assert "nothing was done" in visitor.page.text
        assert reloads.count == 2
        await context.events.flush()

    visit(context, story, user="carol")


def test_warnings_and_keys_that_need_a_restart() -> None:
    context, reloads = world()
    reloads.warnings = [f"config.yml: warning <b>{number}" for number in range(60)]
    reloads.restart_needed = ["web.listen_address", "storage.path"]

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/status")
        assert "web.listen_address , storage.path" in seen(page)
        assert "60 warnings" in seen(page)
        assert "and 10 more" in page
        assert "<b>1" not in page

    visit(context, story)


def test_starts_are_told() -> None:
    context, _ = world()

    async def story(visitor: Visitor) -> None:
        fields: Fields = {
            "state": "started",
            "version": "1.0",
            "ended_cleanly": False,
            "files_new": ["a<b>.yml"],
        }
        context.events.record(Event.of(context.clock.now(), "", EventKind.DAEMON, fields))
        page = await visitor.get("/status")
        assert "1.0 started, after one that did not end by itself" in seen(page)
        assert "a&lt;b&gt;.yml (new)" in page

    visit(context, story)
