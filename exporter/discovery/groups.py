"""Lists of targets as Prometheus' file_sd and http_sd write them.

Format: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config. What is no
group there is none here; but where Prometheus leaves the whole list, a group that is none costs itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from exporter.config.relabeling import LABEL_NAME
from exporter.config.url import parse_server_url
from exporter.discovery.base import MAX_TARGETS, Finding, Found, Made, Template
from exporter.discovery.listing import without_surrogates
from exporter.errors import DiscoveryError, Reason
from exporter.url_login import without_login

_KEYS: Final = frozenset({"targets", "labels"})
_MAX_LABELS: Final = 256
_MAX_TARGET: Final = 1_024


class Groups:
    """Reads the list of one file or endpoint again and again.

    A server that was listed rightly before, and that a group names which is none, stays as it was.
    """

    def __init__(self, template: Template) -> None:
        self._template = template
        self._known: dict[str, Found | None] = {}

    def read(self, data: Any) -> Made:
        """The servers of `[{"targets": ["host:port"], "labels": {…}}]`, and what could not be taken of it.

        An address is `host:port` or a URL, without credentials: these come from the configuration only. The
        label `instance` names the target; labels that begin with `__` are there for relabelling only. Raises
        `DiscoveryError` where nothing of it is good.
        """
        if not isinstance(data, list):
            raise DiscoveryError("must be a list of targets and labels", Reason.PROTOCOL)
        if sum(map(_count_targets, data)) > MAX_TARGETS:
            raise DiscoveryError(f"lists more than {MAX_TARGETS:,} servers", Reason.PROTOCOL)
        listed: list[tuple[str, Found | None]] = []
        refused: list[str] = []
        for index, group in enumerate(data):
            try:
                listed += self._read_group(group, f"[{index}]", refused)
            except DiscoveryError as error:
                refused.append(str(error))
                listed += self._as_before(_texts(group))
        if refused and not listed:
            raise DiscoveryError(refused[0], Reason.PROTOCOL)
        self._known = dict(listed)
        return Made([found for _, found in listed if found is not None], tuple(refused))

    def _read_group(self, group: Any, where: str, refused: list[str]) -> list[tuple[str, Found | None]]:
        """Return each target as it is listed, and the server; None for one that relabelling drops."""
        targets, labels = _read_group(group, where)
        listed: list[tuple[str, Found | None]] = []
        for number, target in enumerate(targets):
            try:
                listed.append((target, self._template.make(_finding(target, labels))))
            except DiscoveryError as error:
                refused.append(f"{where}.targets[{number}]: {error}")
                listed += self._as_before([target])
        return listed

    def _as_before(self, targets: Iterable[str]) -> list[tuple[str, Found | None]]:
        return [(target, self._known[target]) for target in targets if target in self._known]


def _count_targets(group: Any) -> int:
    targets = group.get("targets") if isinstance(group, dict) else None
    return len(targets) if isinstance(targets, list) else 1


def _texts(group: Any) -> Iterator[str]:
    """Return the targets of a malformed group, as far as they can be read."""
    targets = group.get("targets") if isinstance(group, dict) else None
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, str):
            yield target


def _read_group(group: Any, where: str) -> tuple[list[str], Mapping[str, str]]:
    if not isinstance(group, dict) or not isinstance(group.get("targets"), list):
        raise _refusal(f"{where} must hold a list of targets")
    if unknown := sorted(group.keys() - _KEYS):
        raise _refusal(f"{where} holds {_shown(unknown[0])}: there are targets and labels only")
    labels = group.get("labels")
    if not isinstance(labels, dict | None):
        raise _refusal(f"{where}.labels must be a mapping")
    for number, target in enumerate(group["targets"]):
        if not isinstance(target, str):
            raise _refusal(f"{where}.targets[{number}] must be a text")
    return group["targets"], _read_labels(labels or {}, f"{where}.labels")


def _read_labels(labels: Mapping[Any, Any], where: str) -> Mapping[str, str]:
    if len(labels) > _MAX_LABELS:
        raise _refusal(f"{where} holds more than {_MAX_LABELS} labels")
    texts: dict[str, str] = {}
    for name, value in labels.items():
        if not LABEL_NAME.fullmatch(name):
            raise _refusal(f"{where}: {_shown(name)} is not a label name: letters, digits and _")
        if not isinstance(value, str | None):
            # A list would be a text without end where it is made of aliases.
            raise _refusal(f"{where}.{name[:64]} must be a text")
        texts[name] = without_surrogates(value or "")
    return texts


def _finding(text: str, labels: Mapping[str, str]) -> Finding:
    if len(text) > _MAX_TARGET:
        raise _refusal(f"is longer than {_MAX_TARGET:,} characters")
    try:
        url = parse_server_url(without_surrogates(text))
    except ValueError as error:
        raise _refusal(str(error)) from None
    named = {name: value for name, value in labels.items() if name != "instance"}
    return Finding(url.address, named, instance=labels.get("instance", ""))


def _shown(name: str) -> str:
    return f'"{without_login(without_surrogates(name[:_MAX_TARGET]))[:64]}"'


def _refusal(message: str) -> DiscoveryError:
    return DiscoveryError(message, Reason.PROTOCOL)
