"""Filters of the alerts in a request's parameters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from starlette.requests import Request

from exporter.alerting.status import AlertStatus, AlertStatusState
from exporter.config.alertmanager.matchers import InvalidMatcherError, parse_matcher
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher
from exporter.model.regex import InvalidRegexError, Regex, compile_regex
from exporter.web.api_v2.reply import RefusedError

# Source: `ConvertBool` of github.com/go-openapi/swag; everything else is false.
_TRUE: Final = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})


def parse_filter(request: Request, name: str = "filter") -> Sequence[Matcher]:
    """Parse the matchers of the parameters of this name; raises `RefusedError`."""
    try:
        return [parse_matcher(text) for text in request.query_params.getlist(name)]
    except InvalidMatcherError as error:
        raise RefusedError(str(error)) from error


def flag(request: Request, name: str) -> bool:
    """Return a boolean parameter, true where it is not given."""
    return (request.query_params.get(name) or "true").lower() in _TRUE


class AlertFilter:
    """Filter by the parameters `active`, `silenced`, `inhibited`, `filter`, `receiver`, `receiver_matchers`.

    `labels` are those of each receiver.
    """

    def __init__(self, request: Request, labels: Mapping[str, Mapping[str, str]]) -> None:
        self._matchers = parse_filter(request)
        self._active = flag(request, "active")
        self._silenced = flag(request, "silenced")
        self._inhibited = flag(request, "inhibited")
        self._receiver = _receiver_pattern(request.query_params.get("receiver"))
        self._receiver_matchers = parse_filter(request, "receiver_matchers")
        self._labels = labels

    def admits(self, labels: Labels, status: AlertStatus) -> bool:
        """Return whether an alert passes the filter."""
        return (
            (self._active or status.state is not AlertStatusState.ACTIVE)
            and (self._silenced or not status.silenced_by)
            and (self._inhibited or not status.inhibited_by)
            and all(matcher.matches(labels) for matcher in self._matchers)
        )

    def admits_any(self, receivers: Iterable[str]) -> bool:
        """Return whether an alert of these receivers passes the filter."""
        names = list(receivers)
        if self._receiver is not None and not any(map(self._receiver.matches, names)):
            return False
        return not self._receiver_matchers or any(self._matches(name) for name in names)

    def _matches(self, receiver: str) -> bool:
        labels = self._labels.get(receiver, {})
        return all(matcher.matches(labels) for matcher in self._receiver_matchers)


def _receiver_pattern(text: str | None) -> Regex | None:
    if not text:
        return None
    try:
        return compile_regex(text, False)
    except InvalidRegexError as error:
        raise RefusedError(f"failed to parse receiver param: {error}") from error
