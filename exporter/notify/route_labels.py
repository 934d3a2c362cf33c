"""Labels of routes: their values may be templates, and are expanded for the alerts of each message.

Source: `renderRouteLabels` in dispatch/dispatch.go and `routeLabelResolver` in template/template.go of
Alertmanager 0.34.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from exporter.config.alertmanager.routes import RouteConfig
from exporter.errors import Place, TemplateError
from exporter.gotemplate import Function, Template
from exporter.gotemplate.alertmanager import ROUTE_LABELS, notification_functions
from exporter.gotemplate.values import STRING, FunctionError
from exporter.log import get_logger
from exporter.model.labels import Labels
from exporter.notify.data import notification_data
from exporter.notify.integration import Integration
from exporter.notify.making import Making
from exporter.notify.notification import UNKNOWN_REASON, Notification
from exporter.notify.template import MessageTime, TemplateCompiler

log = get_logger(__name__)

_MARK: Final = "{{"


class RouteLabels:
    """The templates among the labels of all routes, by their text; problems go to the compiler."""

    def __init__(self, root: RouteConfig, compiler: TemplateCompiler, now: Callable[[], float]) -> None:
        self._now = now
        self._templates: dict[str, Template] = {}
        for place, value in _values(root, ("route",)):
            if _MARK in value and value not in self._templates:
                self._templates[value] = compiler.at(*place[:-1]).parse(place[-1], value)

    def __bool__(self) -> bool:
        """Return whether there is any template."""
        return bool(self._templates)

    def expand(self, notification: Notification) -> Notification:
        """Return the notification with its route's labels expanded; a label that fails is left out."""
        expansion = _Expansion(notification, self._templates, self._now)
        return replace(notification, route_labels=Labels(expansion.labels()))


def _values(route: RouteConfig, place: Place) -> Iterator[tuple[Place, str]]:
    for name, value in route.labels.items():
        yield (*place, "labels", name), value
    for index, child in enumerate(route.routes):
        yield from _values(child, (*place, "routes", index))


class _Expansion:
    """The labels of one message; one may name another by the function `routeLabels`."""

    def __init__(
        self, notification: Notification, templates: Mapping[str, Template], now: Callable[[], float]
    ) -> None:
        self._labels = notification.route_labels
        self._templates = templates
        self._data = notification_data(replace(notification, reason=UNKNOWN_REASON))
        self._functions = {
            **notification_functions(now),
            ROUTE_LABELS: Function(self._resolve, (STRING,)),
        }
        self._time = MessageTime()
        self._known: dict[str, str] = {}
        self._under_way: list[str] = []

    def labels(self) -> Iterator[tuple[str, str]]:
        """Yield the labels that can be expanded."""
        for name, value in self._labels:
            try:
                yield name, self._resolve(name)
            except (TemplateError, FunctionError) as error:
                log.error("a label of a route cannot be expanded", label=name, value=value, error=str(error))

    def _resolve(self, name: str) -> str:
        text = self._labels.get(name)
        template = self._templates.get(text)
        if template is None or name in self._known:
            return self._known.get(name, text)
        if name in self._under_way:
            raise FunctionError(f"route label cycle detected: {' -> '.join([*self._under_way, name])}")
        self._under_way.append(name)
        try:
            expanded = template.expand(self._data, self._functions, limits=self._time.limits())
        except TemplateError as error:
            raise FunctionError(str(error)) from None
        finally:
            self._under_way.pop()
        self._known[name] = expanded
        return expanded


class WithRouteLabels:
    """An integration whose messages have their route's labels expanded."""

    def __init__(self, integration: Integration, route_labels: RouteLabels) -> None:
        self.name = integration.name
        self.send_resolved = integration.send_resolved
        self.notifies_event_ends = integration.notifies_event_ends
        self._integration = integration
        self._route_labels = route_labels
        self._making = Making()

    async def send(self, notification: Notification) -> None:
        """Deliver one message; raises `NotifyError`."""
        if notification.route_labels:
            notification = await self._making.run(self._route_labels.expand, notification)
        await self._integration.send(notification)
