"""`alerting` of Prometheus: whom alerts are sent to, and how their labels are rewritten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from exporter.config.relabeling import RelabelSection
from exporter.config.settings import AlertingSection
from exporter.config.web import check_http_url
from exporter.discovery.relabeling import Relabeling
from exporter.drafts import Suggestion
from exporter.errors import Place
from exporter.migration.notes import Notes, line_of
from exporter.migration.prometheus.reading import (
    LenientSection,
    PrometheusFile,
    mappings_of,
    read_section,
)
from exporter.migration.prometheus.scrapes import StaticGroup
from exporter.model.counts import count_of

_API: Final = "/api/v2/alerts"
_NO_OTHER_LOGIN: Final = "is not taken: of logins, a user and a password can be given here, in the URL"
_REASONS: Final[Mapping[str, str]] = {
    "api_version": "is not needed: it is v2",
    "timeout": "is not taken: a request may take ten seconds here",
    **dict.fromkeys(
        ("authorization", "oauth2", "bearer_token", "bearer_token_file", "sigv4"), _NO_OTHER_LOGIN
    ),
    "tls_config": "is not taken: certificates are checked by the system's authorities here",
}
_INSTEAD: Final = "The Alertmanagers that were told until now; the daemon notifies itself by the file above."
_OWN: Final = (
    "the daemon can notify by itself: `--alertmanager alertmanager.yml` takes Alertmanager's file as it is"
)


@dataclass(frozen=True, slots=True)
class Alerting:
    """The section `alerting`, and whether it holds a password."""

    section: Mapping[str, Any] = field(default_factory=dict)
    holds_secrets: bool = False


class _Manager(LenientSection):
    scheme: str = "http"
    path_prefix: str = "/"
    static_configs: tuple[StaticGroup, ...] = ()
    relabel_configs: tuple[RelabelSection, ...] = ()


def convert_alerting(file: PrometheusFile, own_file: Path | None, notes: Notes) -> Alerting:
    """The section; `own_file` is an alertmanager.yml for the daemon itself, which was checked.

    Raises `ConfigError` with what is wrong with it.
    """
    data: Any = file.part("alerting") or {}
    managers = mappings_of(data.get("alertmanagers")) if isinstance(data, dict) else ()
    urls: list[str] = []
    logins = False
    for index, manager in enumerate(managers):
        place: Place = ("alerting", "alertmanagers", index)
        login = _login(file, place, manager, notes)
        logins |= bool(login)
        urls += _urls(file, place, manager, login, notes)
        _tell_leftovers(file, place, manager, notes)
    section: dict[str, Any] = {"alertmanagers": list(dict.fromkeys(urls))} if urls else {}
    if isinstance(data, dict) and (steps := data.get("alert_relabel_configs")):
        read_section(file.document, ("alerting",), AlertingSection, {"alert_relabel_configs": steps})
        section["alert_relabel_configs"] = steps
    if urls:
        where = line_of(file.document, ("alerting", "alertmanagers"), at_key=True)
        notes.take(f"{where}: {count_of(len(urls), 'Alertmanager')}")
    return Alerting(_with_own_file(section, own_file, notes), logins)


def _with_own_file(section: dict[str, Any], own_file: Path | None, notes: Notes) -> Mapping[str, Any]:
    if own_file is None:
        notes.differ(_OWN)
        return section
    notes.take(f"{own_file}: the daemon notifies by it")
    urls = section.pop("alertmanagers", None)
    return {
        "config_file": str(own_file.absolute()),
        **({"alertmanagers": Suggestion(urls, _INSTEAD)} if urls else {}),
        **section,
    }


def _urls(
    file: PrometheusFile, place: Place, data: Mapping[str, Any], login: str, notes: Notes
) -> Iterator[str]:
    where = line_of(file.document, place)
    manager = read_section(file.document, place, _Manager, data)
    relabeling = Relabeling(manager.relabel_configs)
    for group in manager.static_configs:
        for target in group.targets:
            labels = relabeling.apply(
                {
                    "__scheme__": manager.scheme,
                    "__alerts_path__": f"/{manager.path_prefix.strip('/')}{_API}".replace("//", "/"),
                    **group.labels,
                    "__address__": target,
                }
            )
            if labels is not None and (address := labels.get("__address__")):
                path = labels.get("__alerts_path__", "").removesuffix(_API)
                url = f"{labels.get('__scheme__', 'http')}://{login}{address}{path}"
                try:
                    check_http_url(url)
                except ValueError as error:
                    notes.differ(f"the Alertmanager {address} is not taken: its URL {error}", where)
                else:
                    yield url


def _login(file: PrometheusFile, place: Place, data: Mapping[str, Any], notes: Notes) -> str:
    """User and password as they stand in a URL."""
    login = data.get("basic_auth")
    if not isinstance(login, dict):
        return ""
    if not login.get("password"):
        notes.differ(
            "basic_auth is not taken: write user and password into the URL under alerting.alertmanagers, "
            "percent-encoded",
            line_of(file.document, (*place, "basic_auth"), at_key=True),
        )
        return ""
    user, password = (quote(str(login.get(key) or ""), safe="") for key in ("username", "password"))
    return f"{user}:{password}@"


def _tell_leftovers(file: PrometheusFile, place: Place, data: Mapping[str, Any], notes: Notes) -> None:
    for key in data:
        if key in _Manager.model_fields or key == "basic_auth":
            continue
        reason = _REASONS.get(key, "is not taken: it is not known here")
        if key.endswith("_sd_configs"):
            reason = "is not taken: write the URLs of the Alertmanagers under alerting.alertmanagers"
        if key == "alert_relabel_configs":
            reason = "is not taken: write it under alerting.alert_relabel_configs, for all receivers"
        notes.differ(f"alertmanagers: {key} {reason}", line_of(file.document, (*place, key), at_key=True))
