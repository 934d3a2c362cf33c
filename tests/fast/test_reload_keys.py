"""Each key of config.yml is applied by a reload, or named as one that needs a restart.

The keys come from the models. A new one of `targets`, `discovery` or `samplers` is tried by itself: give it a
value in `VALUES` where none can be guessed from its type, and what it needs beside it in `BESIDE`. Any other
has to stand in `SHOWN`, with where it shows in what runs, or in `RESTART_KEYS` (exporter/config/restart.py).
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
from pydantic import BaseModel

from exporter.alert_pictures import RulePictures
from exporter.app import App
from exporter.config.fields import KIND
from exporter.config.restart import RESTART_KEYS
from exporter.config.schema import config_schema
from exporter.history.history import History
from exporter.http_client.transport import Transport
from exporter.http_routes import Alertmanagers, probe_settings
from exporter.model.labels import Labels
from exporter.model.secret import Secret
from exporter.notify.slack_messages import MemoryMessages
from exporter.prepared import prepare
from exporter.reload import Plan, Source, load_plan
from exporter.remote.otlp.exporter import signals_of
from exporter.rules.environment import EverythingSampled
from tests.fast.daemon import FastDaemon, run_fast

SCHEMA: Final = config_schema()
RULES: Final = "groups: [{name: one, rules: [{record: r, expr: '1'}, {alert: A, expr: m > 1}]}]\n"
OTHER_RULES: Final = "groups: [{name: two, rules: [{record: r, expr: '2'}]}]\n"
KUBECONFIG: Final = (
    "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
    "clusters: [{name: b, cluster: {server: 'http://127.0.0.1:3'}}]\n"
)
ROUTING: Final = "route: {receiver: one}\nreceivers: [{name: one}]\n"
MAIL: Final = (
    "global: {smtp_smarthost: 'localhost:25', smtp_from: a@example.com}\nroute: {receiver: one}\n"
    "receivers: [{name: one, email_configs: [{to: b@example.com}]}]\n"
)
SLACK: Final = "route: {receiver: one}\nreceivers: [{name: one, slack_configs: [{api_url: 'http://h'}]}]\n"

# What the items of lists need to be there at all, by the ends of their places.
ITEMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "targets[]": {"url": "redis://127.0.0.1:1", "instance": "one"},
    "discovery.cluster[]": {"urls": ["redis://127.0.0.1:1"]},
    "discovery.sentinel[]": {"urls": ["redis://127.0.0.1:1"]},
    "discovery.file[]": {"files": ["none.yml"]},
    "discovery.http[]": {"url": "http://127.0.0.1:1/"},
    "discovery.dns[]": {
        "names": ["one.example.com"],
        "type": "A",
        "scheme": "redis",
        "nameservers": ["127.0.0.1:1"],
    },
    "discovery.kubernetes[]": {"api_server": "http://127.0.0.1:1", "scheme": "redis"},
    "relabel_configs[]": {"target_label": "team"},
    "queues.lists[]": {"key": "jobs:{name}"},
    "peers[]": {"url": "http://127.0.0.1:1"},
    "peers[].oauth2": {"client_id": "one", "token_url": "http://127.0.0.1:5"},
    "remote_write[]": {"url": "http://127.0.0.1:1/write"},
    "remote_write[].oauth2": {"client_id": "one", "token_url": "http://127.0.0.1:5"},
    "queues.workers[]": {"key": "worker:*"},
}
# Other values than the default, by the end of the key, where the type does not tell one.
VALUES: Final[Mapping[str, Any]] = {
    ".sample_timeout": "3s",
    "shard": "2/2",
    ".password_env": "PATH",
    ".password_command": ["/bin/echo", "x"],
    ".urls": ["redis://127.0.0.1:2"],
    "targets[].url": "redis://127.0.0.1:2",
    "http[].url": "http://127.0.0.1:2/",
    ".files": ["other.yml"],
    "dns[].names": ["two.example.com"],
    "dns[].type": "AAAA",
    "dns[].nameservers": ["127.0.0.1:2"],
    "kubernetes[].api_server": "http://127.0.0.1:2",
    "kubernetes[].kubeconfig_file": "kubeconfig",
    "namespaces.names": ["shop"],
    "scripts.files": ["script.lua", "other.lua"],
    ".servers.tls": False,
    ".addresses": {"10.0.0.5:6379": "10.0.0.6:6379"},
    "[].instance": "{host}",
    "targets[].instance": "two",
    ".relabel_configs[].action": "lowercase",
    ".modulus": 7,
    ".search_indexes": "idx.*",
    ".frameworks": ["bullmq"],
    ".databases": [1],
    ".priority_steps": [0, 5],
    ".budget": "2%",
    "lists[].key": "other:{name}",
    "lists[].type": "zset",
    "workers[].key": "other:*",
    ".patterns": ["cart:*"],
    "slowlog.patterns": ["cart:{id}"],
    ".check": ["db0=user:1"],
    ".check_single": ["db0=user:1"],
    ".count": ["db0=user:*"],
    ".memory_limit": "10MB",
    "otlp.endpoint": "https://127.0.0.1:2",
    "otlp.headers_file": {"api-key": "client.pem"},
    "otlp.headers_env": {"api-key": "PATH"},
    "otlp.proxy_url": "http://127.0.0.1:3",
    "peers[].url": "http://127.0.0.1:2",
    "peers[].http_headers": {"X-One": {"values": ["a"]}},
    "peers[].proxy_connect_header": {"X-One": ["a"]},
    "remote_write[].url": "http://127.0.0.1:2/write",
    "remote_write[].http_headers": {"X-One": {"values": ["a"]}},
    "remote_write[].headers": {"X-One": "a"},
    "remote_write[].proxy_connect_header": {"X-One": ["a"]},
    ".proxy_url": "http://127.0.0.1:3",
    ".token_url": "http://127.0.0.1:4",
    ".min_version": "TLS12",
    ".max_version": "TLS13",
    "authorization.type": "Token",
}
# Keys with which only one value is valid.
FIXED: Final = ("remote_write[].send_exemplars", "remote_write[].send_native_histograms")
# What a key needs beside it, by its end or the place it is in.
BESIDE: Final[Mapping[str, Mapping[str, Any]]] = {
    ".key_file": {"cert_file": "client.pem"},
    # Before and after it has both, and only one of them changes.
    ".tls_config.key": {"cert": "x", "key": "x"},
    ".tls_config.cert": {"cert": "x", "key": "x"},
    ".tls_config.cert_file": {"cert_file": "other.pem", "key_file": "client.pem"},
    ".tls_config.key_file": {"cert_file": "client.pem", "key_file": "other.pem"},
    "peers[].no_proxy": {"proxy_url": "http://127.0.0.1:3"},
    "remote_write[].no_proxy": {"proxy_url": "http://127.0.0.1:3"},
    ".oauth2.no_proxy": {"proxy_url": "http://127.0.0.1:3"},
    ".proxy_connect_header": {"proxy_url": "http://127.0.0.1:3"},
    ".min_backoff": {"max_backoff": "9s"},
    ".modulus": {"action": "hashmod", "modulus": 1},
    ".score": {"type": "zset"},
    "lists[].name": {"key": "jobs", "name": "one"},
    # The other two ways to say where the API server is.
    "kubernetes[].kubeconfig_file": {"api_server": None},
    # These samplers run only where they have something to do.
    "samplers.keys.": {"check": ["db0=a:1"]},
    "samplers.streams.": {"check": ["db0=a:1"]},
    "samplers.scripts.": {"files": ["script.lua"]},
    "alerting.message_style": {"config_file": "slack_alertmanager.yml"},
    "alerting.smtp_auth_without_tls": {"config_file": "mail_alertmanager.yml"},
    "alerting.pictures": {"config_file": "mail_alertmanager.yml"},
    "otlp.no_proxy": {"proxy_url": "http://127.0.0.1:3"},
}
# Where a key shows in what runs, and what stands there.
SHOWN: Final[Mapping[str, tuple[Any, Callable[[App], object], object]]] = {
    "global.evaluation_interval": (
        "7s",
        lambda app: (
            app.core.queries.rule_engine.default_step_ms,
            app.core.queries.engine.default_step_ms,
            [group.interval_ms for group in app.alerting.rules.groups],
        ),
        (7000, 7000, [7000]),
    ),
    "global.external_labels": (
        {"site": "a"},
        lambda app: app.alerting.environment.external_labels,
        Labels({"site": "a"}),
    ),
    "global.enable_features": (
        ["promql-delayed-name-removal"],
        lambda app: [
            engine._delayed_name_removal for engine in (app.core.queries.rule_engine, app.core.queries.engine)
        ],
        [True, True],
    ),
    "query.memory_limit": ("10MB", lambda app: app.core.queries.budget.limit_bytes, 10 << 20),
    "query.timeout": ("7s", lambda app: app.core.queries.budget.timeout_seconds, 7.0),
    "rule_files": (
        ["other_rules.yml"],
        lambda app: [group.spec.key.name for group in app.alerting.rules.groups],
        ["two"],
    ),
    "rules": (
        {"A": [{"threshold": "5", "where": {"env": "prod"}}, {"enabled": False}]},
        lambda app: [rule.spec.query for group in app.alerting.rules.groups for rule in group.alerting_rules],
        ['m{env="prod"} > 5'],
    ),
    "alerting.config_file": (
        "other_alertmanager.yml",
        lambda app: [receiver.name for receiver in app.alerting.manager.config.receivers],
        ["two"],
    ),
    "alerting.alertmanagers": (
        ["http://127.0.0.1:1"],
        lambda app: list(app.alerting.forwarder.urls),
        ["http://127.0.0.1:1"],
    ),
    "alerting.message_style": (
        "alertmanager",
        lambda app: (
            "notifies_event_ends': True"
            in repr(state(list(app.alerting.manager._pipelines.integrations.values())))
        ),
        True,
    ),
    "alerting.smtp_auth_without_tls": (
        True,
        lambda app: (
            "auth_without_tls': True"
            in repr(state(list(app.alerting.manager._pipelines.integrations.values())))
        ),
        True,
    ),
    "alerting.pictures": (
        False,
        lambda app: (
            "_pictures': None" in repr(state(list(app.alerting.manager._pipelines.integrations.values())))
        ),
        True,
    ),
    "alerting.hold_missing": (
        False,
        lambda app: isinstance(app.alerting.environment.availability, EverythingSampled),
        True,
    ),
    "storage.retention": (
        "1h",
        lambda app: (app.core.store.retention_ms, app.core.limiter.required_retention_ms),
        (3_600_000,) * 2,
    ),
    "storage.memory_limit": ("10MB", lambda app: app.core.limiter.limit_bytes, 10 << 20),
    "storage.history": ("7d", lambda app: history_of(app).retention_ms, 7 * 86_400_000),
    "storage.history_size": ("100MB", lambda app: history_of(app).max_bytes, 100 << 20),
    "storage.downsample_after": ("1d", lambda app: history_of(app).downsample_after_ms, 86_400_000),
    "storage.events_size": ("10MB", lambda app: app.core.events.max_bytes, 10 << 20),
    "web.config_file": (
        "web-config.yml",
        lambda app: list(app.core.access.now.config.basic_auth_users),
        ["alice"],
    ),
    "web.external_url": (
        "http://vigil.example.com",
        lambda app: (
            app.alerting.environment.external_url,
            app.alerting.manager._state.external_url,
            Alertmanagers(app.settings, app.alerting.forwarder).urls,
            app.core.access.now.section.external_url,
        ),
        ("http://vigil.example.com",) * 2 + (["http://vigil.example.com"],) + ("http://vigil.example.com",),
    ),
    "web.actions": (False, lambda app: app.core.in_force.config.web.actions, False),
    "web.hosts": (["a.example.com"], lambda app: app.core.access.now.section.hosts, ("a.example.com",)),
    "web.cors_origin": ("http://a", lambda app: app.core.access.now.section.cors_origin, "http://a"),
    "web.probe_keys": (
        ["db0=a"],
        lambda app: [str(key) for key in probe_settings(app.core.in_force).keys],
        ["db0=a"],
    ),
    "web.telemetry_path": ("/a", lambda app: app.watching.page.path, "/a"),
    "web.namespace": ("a", lambda app: probe_settings(app.core.in_force).namespace, "a"),
    "web.own_metrics": (False, lambda app: app.core.in_force.config.web.own_metrics, False),
    "web.probes": (False, lambda app: probe_settings(app.core.in_force).is_open, False),
    "web.cluster_hostnames": (True, lambda app: app.core.in_force.config.web.cluster_hostnames, True),
    "web.probe_allow": (["h:1"], lambda app: probe_settings(app.core.in_force).allow, ("h:1",)),
}
IN_PLANS: Final = ("targets[]", "samplers.", "global.sample_", "global.job", "shard")
IN_SOURCES: Final = "discovery."


def keys(schema: Mapping[str, Any] = SCHEMA, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All keys that hold a value of their own, with their schema."""
    for name, value in schema["properties"].items():
        yield from _below(value, f"{place}.{name}".lstrip("."), value)


def _below(
    schema: Mapping[str, Any], place: str, field: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "$ref" in schema:
        yield from keys(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], place)
    elif "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        for option in options if any("$ref" in str(one) for one in options) else options[:1]:
            yield from _below(option, place, field)
    elif schema.get("type") == "array" and "$ref" in schema["items"]:
        yield from _below(schema["items"], f"{place}[]", field)
    else:
        yield place, {**schema, "default": field.get("default")}


def value_of(key: str, schema: Mapping[str, Any]) -> Any:
    """Another value than the default."""
    ends = [end for end in VALUES if key.endswith(end)]
    if ends:
        return VALUES[max(ends, key=len)]
    default = schema["default"]
    options = schema.get("enum", ())
    match schema.get(KIND) or schema.get("type"):
        case _ if options:
            return next(option for option in options if option != default)
        case "duration":
            return "7s"
        case "path":
            return "client.pem"
        case "secret":
            return "s3cret"
        case "boolean":
            return not default
        case "integer":
            return (default or 0) + 1
        case "number":
            return (default or 0) + 1.5
        case "array":
            return ["something"]
        case "object":
            return {"team": "a"}
        case "string":
            return "something"
    raise AssertionError(f"{key}: name another value than its default in VALUES")


def config_with(key: str, value: Any = None) -> dict[str, Any]:
    """A configuration in which a key can stand, and stands where a value is given."""
    config: dict[str, Any] = copy.deepcopy(BASE)
    section = config
    *parents, name = key.split(".")
    for number, parent in enumerate(parents, 1):
        place = ".".join(parents[:number])
        if parent.endswith("[]"):
            item = next((item for end, item in ITEMS.items() if place.endswith(end)), {})
            section.setdefault(parent.removesuffix("[]"), [copy.deepcopy(dict(item))])
            section = section[parent.removesuffix("[]")][0]
        else:
            section = section.setdefault(parent, copy.deepcopy(dict(ITEMS.get(place, {}))))
    if ".tls." in key or key.endswith(".tls"):
        around = config["targets"][0] if key.startswith("targets") else config["discovery"]
        _over_tls(around)
    for end, beside in BESIDE.items():
        if key.endswith(end) or (end.endswith(".") and end in key):
            section.update(copy.deepcopy(dict(beside)))
    if "lists[].time" in key and name != "time":
        section.setdefault("path", "at")
    if value is not None:
        section[name] = value
    return config


def _over_tls(section: Any) -> None:
    """Turn the URLs below to TLS."""
    for key, value in section.items() if isinstance(section, dict) else enumerate(section):
        if key == "scheme":
            section[key] = "rediss"
        elif isinstance(value, str):
            section[key] = value.replace("redis://", "rediss://")
        else:
            _over_tls(value)


BASE: Final[dict[str, Any]] = {
    "global": {},
    "targets": [ITEMS["targets[]"]],
    "discovery": {},
    "samplers": {},
    "storage": {},
    "web": {},
    "otlp": {"endpoint": "https://127.0.0.1:1"},
    "rule_files": ["rules.yml"],
    "alerting": {"config_file": "own_alertmanager.yml"},
}


def state(thing: object, seen: frozenset[int] = frozenset()) -> Any:
    """What an object is made of, to be compared: functions and what waits for something are left out."""
    if thing is None or isinstance(thing, str | int | float | bytes | Path | Enum | BaseModel | Labels):
        return thing
    if isinstance(thing, Secret):
        return ("secret", thing.reveal())
    if id(thing) in seen or (callable(thing) and not hasattr(thing, "__dict__")):
        return None
    seen |= {id(thing)}
    if isinstance(thing, Mapping):
        return {key: state(value, seen) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [state(value, seen) for value in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: state(getattr(thing, field.name), seen) for field in fields(thing)}
    # What connections are open, and where names led, is no setting.
    if isinstance(thing, Transport):
        return None
    # Leads to everything that rules know.
    if isinstance(thing, RulePictures):
        return "pictures"
    if type(thing).__module__.startswith("exporter."):
        return {name: state(value, seen) for name, value in getattr(thing, "__dict__", {}).items()}
    return None


def write_files(folder: Path) -> None:
    certificate = trustme.CA().issue_cert("client")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    for name in ("script.lua", "other.lua"):
        (folder / name).write_text("return 1")
    (folder / "rules.yml").write_text(RULES)
    (folder / "other_rules.yml").write_text(OTHER_RULES)
    (folder / "kubeconfig").write_text(KUBECONFIG)
    (folder / "own_alertmanager.yml").write_text(ROUTING)
    (folder / "slack_alertmanager.yml").write_text(SLACK.replace("'http://h'", "'http://h', channel: c"))
    (folder / "mail_alertmanager.yml").write_text(MAIL)
    (folder / "other_alertmanager.yml").write_text(ROUTING.replace("one", "two"))
    (folder / "web-config.yml").write_text(f"basic_auth_users: {{alice: '$2b$04${'a' * 53}'}}\n")


def history_of(app: App) -> History:
    """What keeps the samples on disk; the daemon must have a directory."""
    assert app.core.history is not None
    return app.core.history


async def fault_of(daemon: FastDaemon, key: str, schema: Mapping[str, Any]) -> str:
    """What is wrong with a reload of a configuration in which only this key changes; empty where nothing."""
    app = daemon.app
    if key in SHOWN:
        value, observe, wanted = SHOWN[key]
        await daemon.reload(config_with(key))
        if observe(app) == wanted:
            return "shows it before it is there"
        await daemon.reload(config_with(key, value))
        return "" if observe(app) == wanted else f"shows {observe(app)} instead of {wanted}"
    parts = next((parts for start, parts in PARTS.items() if key.startswith(start)), None)
    if parts is None:
        return "stands in no list: see the docstring of this module"
    part, running = parts
    daemon.change(config_with(key))
    before = part(load_plan(Source(daemon.config_path)))
    await daemon.reload(config_with(key, value_of(key, schema)))
    wanted = part(load_plan(Source(daemon.config_path)))
    if app.restart_needed:
        return f"needs a restart: {app.restart_needed}"
    if wanted != running(app):
        return "what runs is not what the file says"
    return "" if before != wanted else "shows in nothing that runs"


def _sources_of(plan: Plan) -> Any:
    """The sources of servers, for keys of `discovery`."""
    return state(list(prepare(plan, MemoryMessages()).sources))


def _running_sources(app: App) -> Any:
    return state(list(app.watching.targets.discovery._sources))


def _targets_of(plan: Plan) -> Any:
    """The targets with their samplers, for all that these depend on."""
    return {target: list(plans) for target, plans in plan.targets.items()}


def _running_targets(app: App) -> Any:
    return {runner.target: list(runner.plans) for runner in app.watching.target_manager.runners}


def _relabeling_of(plan: Plan) -> Any:
    return list(plan.config.alerting.alert_relabel_configs)


def _running_relabeling(app: App) -> Any:
    return list(app.alerting.environment.alert_relabeling.sections)


def _all_relabeling_of(plan: Plan) -> Any:
    """How all servers are relabelled: those that are configured, and the steps for those that are found."""
    return _targets_of(plan), list(plan.config.relabel_configs)


def _running_all_relabeling(app: App) -> Any:
    return _running_targets(app), list(app.watching.targets._plan.config.relabel_configs)


def _otlp_of(plan: Plan) -> Any:
    """By which section each signal is sent, and the whole."""
    section = plan.config.otlp
    return {**dict.fromkeys(signals_of(section), section), "all": section}


def _running_otlp(app: App) -> Any:
    sent = {signal: getattr(queue.sender, "_section") for signal, queue in app.otlp._queues.items()}  # noqa: B009
    return {**sent, "all": app.otlp.section}


# What keys with this beginning depend on: in a plan, and in what runs.
PARTS: Final[Mapping[str, tuple[Callable[[Plan], Any], Callable[[App], Any]]]] = {
    **dict.fromkeys(IN_PLANS, (_targets_of, _running_targets)),
    IN_SOURCES: (_sources_of, _running_sources),
    "relabel_configs[]": (_all_relabeling_of, _running_all_relabeling),
    "otlp.": (_otlp_of, _running_otlp),
    "alerting.alert_relabel_configs": (_relabeling_of, _running_relabeling),
    "peers": (lambda plan: list(plan.config.peers), lambda app: list(app.core.peers.sections)),
    "remote_write": (
        lambda plan: list(plan.config.remote_write),
        lambda app: [sender.wanted_section for sender in app.core.remote_writer.senders],
    ),
}


@pytest.mark.parametrize(
    "section",
    [
        "global",
        "targets",
        "discovery.cluster",
        "discovery.sentinel",
        "discovery.file",
        "discovery.http",
        "discovery.dns",
        "discovery.kubernetes",
        "samplers",
        "relabel_configs",
        "shard",
        "peers",
        "rule_files",
        "rules",
        "alerting",
        "storage",
        "query",
        "remote_write",
        "web",
        "otlp",
    ],
)
def test_each_key_is_applied(section: str, tmp_path: Path) -> None:
    faults: dict[str, str] = {}
    tried = [
        (key, schema)
        for key, schema in keys()
        if key.startswith(section) and key not in (*RESTART_KEYS, *FIXED) and not _is_like_another(key)
    ]
    assert tried

    async def story() -> None:
        # Its other keys hold for what is in a directory.
        kept = {"storage": {"path": str(tmp_path)}} if section == "storage" else {}
        async with FastDaemon({"rule_files": [], **kept}) as daemon:
            write_files(daemon.config_path.parent)
            for key, schema in tried:
                try:
                    fault = await fault_of(daemon, key, schema)
                except Exception as error:
                    fault = f"{type(error).__name__}: {error}"
                if fault:
                    faults[key] = fault

    run_fast(story())
    assert not faults, "\n".join(f"{key}: {fault[:400]}" for key, fault in faults.items())


def test_every_section_is_tried() -> None:
    sections = {key.partition(".")[0].removesuffix("[]") for key, _ in keys()}
    assert sections == {
        "global",
        "targets",
        "discovery",
        "relabel_configs",
        "shard",
        "peers",
        "samplers",
        "rule_files",
        "rules",
        "alerting",
        "storage",
        "query",
        "remote_write",
        "web",
        "otlp",
    }


def _is_like_another(key: str) -> bool:
    """Of the samplers of found servers one is enough: the sections are handed on as they are. INFO cannot be
    switched off: that key has only one value, as has the protocol of OTLP."""
    if key.endswith(("samplers.info.enabled", "otlp.protocol")):
        return True
    _, found, sampler = key.partition(".servers.samplers.")
    return bool(found) and not sampler.startswith("slowlog.")


@pytest.mark.parametrize("key", RESTART_KEYS)
def test_what_needs_a_restart_is_named(key: str, tmp_path: Path) -> None:
    values = {
        "storage.path": str(tmp_path),
        "web.listen_address": "127.0.0.1:9999",
        "query.max_concurrency": 3,
    }

    async def story() -> None:
        async with FastDaemon({"rule_files": []}) as daemon:
            write_files(daemon.config_path.parent)
            await daemon.reload(config_with(key))
            await daemon.reload(config_with(key, values[key]))
            assert list(daemon.app.restart_needed) == [key]
            await daemon.reload(config_with(key))
            assert list(daemon.app.restart_needed) == []

    run_fast(story())
    assert key in dict(keys())
