"""`/metrics`: from ready bytes; a scrape asks no Redis server anything."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from starlette.types import Receive, Scope, Send

from exporter.clock import Clock
from exporter.metrics import Exposition, Format, gzip_parts
from exporter.metrics.exposition import ExposedGroup
from exporter.metrics.namespace import rename
from exporter.metrics.own import OwnMetrics
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.time_slice import TimeSlice
from exporter.web.directory import CurrentConfig, Targets

# A page is sent in pieces of about this size: a copy of it as a whole would cost more than all else.
_PIECE_BYTES = 128 << 10
# Own counters move all the time; a page that is older than this is made anew although no sample has come.
_FRESH_SECONDS = 1.0


# A page that is asked for at least so often, in intervals of sampling, is written along with sampling.
_FOLLOWED_INTERVALS = 1.5
# It no longer is when nobody has come for so many.
_PATIENCE_INTERVALS = 3.0
# That costs a little more than writing all at once, and is worth it where all at once takes this long.
_LONG_SECONDS = 0.1
# What is kept of the name that a client gives itself.
_MAX_AGENT = 100


class _Page:
    """The page in one format, kept until it is out of date."""

    def __init__(self, exposition: Exposition, form: Format) -> None:
        self.exposition = exposition
        self.form = form
        self.version = -1
        self.made_at = -1e9
        self.takes_long = False
        self._asked_at = -1e9
        self._seconds_between = 1e9
        self.parts: Sequence[bytes] = ()
        self.compressed = b""
        # Those who ask meanwhile wait for the one that is being made.
        self.making = asyncio.Lock()

    async def compress(self) -> bytes:
        """The page as gzip; in a thread, since it takes a while."""
        if not self.compressed:
            parts = self.parts
            compressed = await asyncio.to_thread(gzip_parts, parts)
            if parts is not self.parts:
                return compressed
            self.compressed = compressed
        return self.compressed

    def note_request(self, now: float) -> None:
        """Somebody asks for the page (`now` by the monotonic clock)."""
        self._seconds_between, self._asked_at = now - self._asked_at, now

    def is_followed(self, now: float, interval_seconds: float) -> bool:
        """Whether somebody asks for the page about as often as its targets are sampled, and would wait."""
        is_alive = now - self._asked_at <= _PATIENCE_INTERVALS * interval_seconds
        return (
            self.takes_long and is_alive and self._seconds_between <= _FOLLOWED_INTERVALS * interval_seconds
        )


class MetricsEndpoint:
    """An ASGI application that serves one page over all targets and the daemon itself.

    The text format unless OpenMetrics is asked for; compressed where the client takes gzip. `current`
    tells how often targets are sampled, and what is on the page.
    """

    def __init__(
        self,
        store: Store,
        groups: Callable[[], Iterable[ExposedGroup]],
        own: OwnMetrics,
        clock: Clock,
        current: CurrentConfig,
    ) -> None:
        self._store = store
        self._configuration = current
        self._own = own
        self._clock = clock
        self._pages = {form: _Page(Exposition(groups, form), form) for form in Format}

    @property
    def path(self) -> str:
        """Where the page is, too."""
        return self._configuration.config.web.telemetry_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page."""
        accept, encodings, agent = _wishes(scope)
        form = Format.OPENMETRICS if b"application/openmetrics-text" in accept else Format.TEXT
        client = scope.get("client") or ("", 0)
        page = await self._current(form, (*client, agent))
        headers = [(b"content-type", form.value.encode()), (b"vary", b"accept, accept-encoding")]
        parts = page.parts
        if b"gzip" in encodings:
            parts = [await page.compress()]
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(sum(map(len, parts))).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for body in () if scope["method"] == "HEAD" else _gather(parts):
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def refresh(self, groups: Sequence[ExposedGroup]) -> None:
        """Render the lines of a target that has been sampled, where the next page will want them.

        Their values are still in the caches of the CPU then.
        """
        now, interval_seconds = (
            self._clock.monotonic(),
            self._configuration.config.global_.sample_interval.seconds,
        )
        for page in self._pages.values():
            if page.is_followed(now, interval_seconds):
                page.exposition.refresh(groups)

    def expire(self) -> None:
        """Something has changed that people wait to see: make the next page anew."""
        for page in self._pages.values():
            page.version = -1

    async def _current(self, form: Format, client: tuple[str, int, str]) -> _Page:
        """The page as this client (host, port, what it calls itself) is to see it."""
        page = self._pages[form]
        now = self._clock.monotonic()
        page.note_request(now)
        page.exposition.scrapers.note(*client, now)
        async with page.making:
            if page.version != self._store.version or now - page.made_at >= _FRESH_SECONDS:
                await self._make(page)
        return page

    async def _make(self, page: _Page) -> None:
        now, version, turn = self._clock.monotonic(), self._store.version, TimeSlice()
        web = self._configuration.config.web
        rendered = turn.each(page.exposition.render_slowly())
        parts = [rename(text, web.namespace) async for text in rendered if text]
        if web.own_metrics:
            await self._own.prepare()
            parts.append(rename(self._own.text(page.form), web.namespace))
        page.parts = [*parts, b"# EOF\n"] if page.form is Format.OPENMETRICS else parts
        page.takes_long = page.takes_long or self._clock.monotonic() - now > _LONG_SECONDS
        page.compressed = b""
        page.version, page.made_at = version, now


def groups_of_all(store: Store, targets: Targets) -> Callable[[], Sequence[ExposedGroup]]:
    """`groups_of` for whichever targets are watched when it is called."""
    return lambda: groups_of(store, targets.runners)


def groups_of(store: Store, runners: Iterable[TargetRunner]) -> Sequence[ExposedGroup]:
    """Return the series that samplers of these targets wrote; results of rules are not for scraping."""
    return store.groups_of(chain.from_iterable([runner.sources for runner in runners]))


def _gather(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer, larger pieces."""
    gathered: list[bytes] = []
    size = 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= _PIECE_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _wishes(scope: Scope) -> tuple[bytes, bytes, str]:
    """The headers Accept, Accept-Encoding and User-Agent."""
    accept = encodings = agent = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = value
        elif name == b"accept-encoding":
            encodings = value
        elif name == b"user-agent":
            agent = value[:_MAX_AGENT]
    return accept, encodings, agent.decode("latin-1")
