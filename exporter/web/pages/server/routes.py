"""The route of a server's page, and how what it shows is put together."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.health import NO_SEVERITY
from exporter.model.quoting import quote
from exporter.samplers.runner import TargetRunner
from exporter.time_slice import TimeSlice
from exporter.web.alert_rows import AlertRow
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text
from exporter.web.pages.page_queries import Found
from exporter.web.pages.server.clients import read_clients
from exporter.web.pages.server.graphs import Graph, Looks, command_colours, draw
from exporter.web.pages.server.happenings import SHOWN, read_happenings
from exporter.web.pages.server.head import read_head
from exporter.web.pages.server.keys import read_keys
from exporter.web.pages.server.limits import Limits
from exporter.web.pages.server.links import query_link
from exporter.web.pages.server.lookup import find, suggest
from exporter.web.pages.server.marks import bands_of, marks_of, tones_of, topics_of
from exporter.web.pages.server.past import MOST_EVENTS
from exporter.web.pages.server.queues import read_queues
from exporter.web.pages.server.reading import Reading, read
from exporter.web.pages.server.samplers import read_samplers
from exporter.web.pages.server.slow import read_slow
from exporter.web.pages.server.tiles import SENTINEL, Tile, as_before, read_tiles, with_sparklines
from exporter.web.pages.server.trouble import find_trouble, why_nothing
from exporter.web.pages.time_range import RANGES, read_range

_TABLES: Final = ("slow", "clients", "keys", "queues", "events")


class _AnyText(Convertor[str]):
    """A name with whatever is in it: slashes, which may be those of a path, and breaks of lines."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any_text", _AnyText())


def routes(context: PageContext) -> Sequence[Route]:
    """The route of the page."""
    page = _Page(context)
    return [Route("/servers/{instance:any_text}", context.renderer.handler(page.show), methods=["GET"])]


class _Page:
    """Shows one server."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._limits = Limits()

    async def show(self, request: Request) -> Response:
        """The page; one that says which servers may have been meant, where there is none of this name."""
        instance = request.path_params["instance"]
        context, address = self._context, Address.of(request)
        runner = find(instance, context.targets.runners)
        if runner is None:
            return await self._not_found(request, instance)
        now = context.clock.now()
        reading = await read(context, runner, read_range(address, now), now)
        alerts = await context.alerts.about(instance, TimeSlice())
        firing = [one for one in alerts if one.state == "firing" and one.severity != NO_SEVERITY]
        head = read_head(runner, context.targets.runners, firing, now)
        topics = topics_of(context.rules.groups, reading.panels, _names(reading, alerts))
        graphs = await self._graphs(reading, runner, alerts, topics, address, now)
        tiles = self._tiles(reading, runner, tones_of(firing, topics), now)
        return await context.renderer.page(
            request,
            "server.html",
            head=head,
            trouble=find_trouble(runner, head.state, firing, address),
            alerts=alerts,
            is_sentinel=runner.facts.server.mode == SENTINEL,
            silence_filter=f"{{instance={quote(instance)}}}",
            span=reading.span,
            ranges=RANGES,
            tiles=with_sparklines(tiles, {one.panel.topic: one.first for one in graphs}, reading.span),
            graphs=graphs,
            moment=partial(moment_text, now=now),
            query_link=partial(query_link, address, span=reading.span),
            **self._tables(reading, runner, address, now),
        )

    def _tiles(
        self, reading: Reading, runner: TargetRunner, tones: Mapping[str, str], now: float
    ) -> Sequence[Tile]:
        is_present = reading.span.is_live and not reading.is_of_before
        tiles = read_tiles(
            reading.asked, reading.tiles, runner.facts.server, tones, now if is_present else None
        )
        return as_before(tiles) if reading.is_of_before else tiles

    def _tables(self, reading: Reading, runner: TargetRunner, address: Address, now: float) -> dict[str, Any]:
        expanded = address.choice("open", ("", *_TABLES), "")

        def most(table: str) -> int:
            return MOST_EVENTS if expanded == table else SHOWN

        past = reading.past
        return {
            "expanded": expanded,
            "slow": read_slow(past, now, most("slow")),
            "clients": read_clients(reading.clients, most("clients")),
            "keys": read_keys(runner, now, most("keys")),
            "queues": read_queues(runner, most("queues")),
            "events": read_happenings(past, self._context.alerts, address, now, most("events")),
            "samplers": read_samplers(runner, now),
        }

    async def _graphs(
        self,
        reading: Reading,
        runner: TargetRunner,
        alerts: Sequence[AlertRow],
        topics: Mapping[str, set[str]],
        address: Address,
        now: float,
    ) -> Sequence[Graph]:
        """The charts, with breaks between them."""
        context = self._context
        limits = await self._limits.read(
            context.rules.groups,
            reading.panels,
            runner.target.series_labels,
            context.queries,
            reading.span,
        )
        bands = bands_of(reading.past.marks, alerts, topics, reading.span)
        names = {one.target.address.instance: one.target.instance for one in self._context.targets.runners}
        looks = Looks(
            marks_of(reading.past.marks, self._context.alerts, address, now),
            names,
            command_colours(next(iter(reading.lines.get("commands", ())), Found()), reading.commands),
        )
        return [
            draw(
                panel,
                reading.lines[panel.topic],
                reading.span_of(panel),
                bands.get(panel.topic, ()),
                limits.get(panel.topic, ()),
                looks,
                why_nothing(runner, panel.sampler),
            )
            async for panel in TimeSlice().each(reading.panels)
        ]

    async def _not_found(self, request: Request, instance: str) -> Response:
        names = [runner.target.instance for runner in self._context.targets.runners]
        if not names and self._context.in_force.config.targets:
            raise PageError(503, "The daemon is starting and watches no server yet: try again in a moment.")
        response = await self._context.renderer.page(
            request,
            "server_missing.html",
            instance=instance,
            alike=suggest(instance, names),
            total=len(names),
        )
        response.status_code = 404
        return response


def _names(reading: Reading, alerts: Sequence[AlertRow]) -> set[str]:
    """The names of the alerts that are or were."""
    told = {str(event.fields.get("alertname", "")) for event in reading.past.marks}
    return told | {alert.name for alert in alerts}
