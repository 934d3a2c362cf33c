"""The search: servers, alerts, rules and metrics that hold all words of what somebody looks for."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.rules.alerting import AlertingRule
from exporter.time_slice import TimeSlice
from exporter.web.pages.address import Address
from exporter.web.pages.alerts.subjects import PENDING, active_subjects
from exporter.web.pages.context import PageContext

MOST_SHOWN: Final = 12
"""So many are shown of each kind."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found, and its page."""

    name: str
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind: `shown` of `count`; `more` leads to the page that has them all."""

    title: str
    shown: Sequence[Hit]
    count: int
    more: str

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.count - len(self.shown)


def routes(context: PageContext) -> Sequence[Route]:
    """The route of the search."""
    page = _Search(context)
    return [Route("/search", context.renderer.handler(page.show), methods=["GET"])]


class _Search:
    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def show(self, request: Request) -> Response:
        """Everything that was found; the form alone where nothing is looked for."""
        address = Address.of(request)
        text = address.text("q")
        words = text.casefold().split()
        found = [await _take(*kind, words) async for kind in self._kinds(text, address)] if words else []
        return await self._context.renderer.page(
            request, "search.html", text=text, found=[one for one in found if one.count]
        )

    async def _kinds(self, text: str, address: Address) -> AsyncIterator[tuple[str, str, Iterable[Hit]]]:
        yield "Servers", address.to(filter=text), self._servers(address)
        yield "Alerts", address.to("alerts"), await self._alerts(address)
        yield "Rules", address.to("rules", filter=text), self._rules(address)
        yield "Metrics", address.to("graph"), self._metrics(address)

    def _servers(self, address: Address) -> Iterable[Hit]:
        for runner in self._context.targets.runners:
            target, server = runner.target, runner.facts.server
            labels = [f"{name}={value}" for name, value in target.labels]
            version = ".".join(map(str, server.version))
            text = " ".join(part for part in (server.role, version, *labels) if part)
            yield Hit(target.instance, text, address.to("servers", target.instance))

    async def _alerts(self, address: Address) -> Iterable[Hit]:
        """What fires first, the worst of that first."""
        subjects = await active_subjects(self._context)
        ordered = await TimeSlice().first(len(subjects), subjects, lambda one: one.order)
        return (
            Hit(
                one.name,
                " ".join(part for part in (_state(one.state), one.summary, one.instance) if part),
                address.to("alerts", one.fingerprint),
            )
            for one in ordered
        )

    def _rules(self, address: Address) -> Iterable[Hit]:
        for group in self._context.rules.groups:
            for rule in group.rules:
                kind = "alerts" if isinstance(rule, AlertingRule) else "records"
                text = f"{kind}, in {group.spec.key.words}"
                yield Hit(rule.spec.name, text, address.to("rules", filter=rule.spec.name))

    def _metrics(self, address: Address) -> Iterable[Hit]:
        for name in self._context.store.metric_names():
            yield Hit(name, "", address.to("graph", **{"g0.expr": name, "g0.tab": "0"}))


async def _take(title: str, more: str, hits: Iterable[Hit], words: Sequence[str]) -> Hits:
    """Those of the hits that hold all words: those whose name does first."""
    named, told = [], []
    async for hit in TimeSlice().each(hits):
        name = hit.name.casefold()
        if all(word in name for word in words):
            named.append(hit)
        elif all(word in f"{name} {hit.text.casefold()}" for word in words):
            told.append(hit)
    return Hits(title, [*named, *told][:MOST_SHOWN], len(named) + len(told), more)


def _state(state: str) -> str:
    return "pending:" if state == PENDING else ""
