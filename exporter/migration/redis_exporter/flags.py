"""All flags of redis_exporter (1.88 and those of former versions), and what becomes of each here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What stands behind a flag: Go's types."""

    TEXT = "text"
    BOOL = "bool"
    INT = "int"


class Fate(StrEnum):
    """What becomes of a flag."""

    TAKEN = "taken"
    """It has a place in the configuration, or on the command line."""
    NEEDLESS = "needless"
    """It is so without it."""
    DIFFERS = "differs"
    """It has no counterpart; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: its variable (empty: none), its default as redis_exporter has it, and its fate.

    `here` is the line of docs/redis_exporter.md, in Markdown; where the fate is not `TAKEN`, also what is
    told to whoever has set it.
    """

    name: str
    variable: str
    here: str
    kind: Kind = Kind.TEXT
    default: str = ""
    fate: Fate = Fate.TAKEN

    @property
    def sentence(self) -> str:
        """What is told of it on a terminal."""
        return f"--{self.name}: {self.here.replace('`', '')}"


def _bool(name: str, variable: str, here: str, fate: Fate = Fate.TAKEN, *, default: str = "false") -> Flag:
    return Flag(name, f"REDIS_EXPORTER_{variable}" if variable else "", here, Kind.BOOL, default, fate)


def _text(name: str, variable: str, here: str, fate: Fate = Fate.TAKEN, *, default: str = "") -> Flag:
    return Flag(name, f"REDIS_EXPORTER_{variable}" if variable else "", here, Kind.TEXT, default, fate)


def _int(name: str, variable: str, here: str, *, default: str) -> Flag:
    return Flag(name, f"REDIS_EXPORTER_{variable}", here, Kind.INT, default)


_NEEDLESS: Final = Fate.NEEDLESS
_DIFFERS: Final = Fate.DIFFERS

FLAGS: Final = (
    Flag("redis.addr", "REDIS_ADDR", "`targets[].url`", default="redis://localhost:6379"),
    Flag("redis.user", "REDIS_USER", "`targets[].username`"),
    Flag("redis.password", "REDIS_PASSWORD", "`targets[].password_file`, `password_env`"),
    Flag("redis.password-file", "REDIS_PASSWORD_FILE", "a target with a `password_file` per entry"),
    _text("namespace", "NAMESPACE", "`web.namespace`", default="redis"),
    _text("check-keys", "CHECK_KEYS", "`samplers.keys.check`"),
    _text("check-single-keys", "CHECK_SINGLE_KEYS", "`samplers.keys.check_single`"),
    _text(
        "check-key-groups",
        "CHECK_KEY_GROUPS",
        "`samplers.keyspace` finds the patterns of keys by itself, in the background, without Lua, as "
        "`redis_keyspace_pattern_keys` and `_memory_bytes`; patterns of your own go into its `patterns`, "
        "such as `session:{id}`",
        _DIFFERS,
    ),
    _int(
        "max-distinct-key-groups",
        "MAX_DISTINCT_KEY_GROUPS",
        "`samplers.keyspace.max_patterns`",
        default="100",
    ),
    _text("check-streams", "CHECK_STREAMS", "`samplers.streams.check`"),
    _text("check-single-streams", "CHECK_SINGLE_STREAMS", "`samplers.streams.check_single`"),
    _bool(
        "streams-exclude-consumer-metrics", "STREAMS_EXCLUDE_CONSUMER_METRICS", "`samplers.streams.consumers`"
    ),
    _text("count-keys", "COUNT_KEYS", "`samplers.keys.count`"),
    _int(
        "check-keys-batch-size",
        "CHECK_KEYS_BATCH_SIZE",
        "`samplers.keys.batch_size`, `samplers.streams.batch_size`",
        default="1000",
    ),
    _text("script", "SCRIPT", "`samplers.scripts.files`"),
    _bool("lua-script-read-only", "LUA_SCRIPT_READ_ONLY", "`samplers.scripts.read_only`"),
    _text("web.listen-address", "WEB_LISTEN_ADDRESS", "`web.listen_address`", default=":9121"),
    _text("web.telemetry-path", "WEB_TELEMETRY_PATH", "`web.telemetry_path`", default="/metrics"),
    _text(
        "config-command",
        "CONFIG_COMMAND",
        "`samplers.config.config_command`; for `-` `samplers.config.enabled`",
        default="CONFIG",
    ),
    _text("connection-timeout", "CONNECTION_TIMEOUT", "`global.sample_timeout`", default="15s"),
    _text("tls-client-key-file", "TLS_CLIENT_KEY_FILE", "`targets[].tls.key_file`"),
    _text("tls-client-cert-file", "TLS_CLIENT_CERT_FILE", "`targets[].tls.cert_file`"),
    _text("tls-ca-cert-file", "TLS_CA_CERT_FILE", "`targets[].tls.ca_file`"),
    _text("tls-server-name", "TLS_SERVER_NAME", "`targets[].tls.server_name`"),
    _bool("skip-tls-verification", "SKIP_TLS_VERIFICATION", "`targets[].tls.insecure_skip_verify`"),
    _text("tls-server-key-file", "TLS_SERVER_KEY_FILE", "`tls_server_config.key_file` in web-config.yml"),
    _text("tls-server-cert-file", "TLS_SERVER_CERT_FILE", "`tls_server_config.cert_file` in web-config.yml"),
    _text(
        "tls-server-ca-cert-file",
        "TLS_SERVER_CA_CERT_FILE",
        "`tls_server_config.client_ca_file` and `client_auth_type` in web-config.yml",
    ),
    _text(
        "tls-server-min-version",
        "TLS_SERVER_MIN_VERSION",
        "`tls_server_config.min_version` in web-config.yml",
        default="TLS1.2",
    ),
    _text("basic-auth-username", "BASIC_AUTH_USERNAME", "`basic_auth_users` in web-config.yml"),
    _text("basic-auth-password", "BASIC_AUTH_PASSWORD", "`basic_auth_users` in web-config.yml, as a hash"),
    _text("basic-auth-hash-password", "BASIC_AUTH_HASH_PASSWORD", "`basic_auth_users` in web-config.yml"),
    _bool("disable-scrape-endpoint", "DISABLE_SCRAPE_ENDPOINT", "`web.probes`"),
    _bool("debug", "DEBUG", "`redis-vigil --log.level debug`"),
    _text("log-level", "LOG_LEVEL", "`redis-vigil --log.level`", default="INFO"),
    _text("log-format", "LOG_FORMAT", "`redis-vigil --log.json`", default="txt"),
    _bool(
        "set-client-name",
        "SET_CLIENT_NAME",
        "connections always have the name `redis-vigil`",
        _DIFFERS,
        default="true",
    ),
    _bool("is-tile38", "IS_TILE38", "Tile38 is recognised by itself", _NEEDLESS),
    _bool("is-cluster", "IS_CLUSTER", "`discovery.cluster`, which watches every node"),
    _bool("cluster-discover-hostnames", "CLUSTER_DISCOVER_HOSTNAMES", "`web.cluster_hostnames`"),
    _bool("export-client-list", "EXPORT_CLIENT_LIST", "`samplers.clients.per_connection`"),
    _bool("export-client-port", "EXPORT_CLIENT_PORT", "`samplers.clients.include_port`"),
    _bool("version", "", "`redis-vigil --version`", _NEEDLESS),
    _bool("redis-only-metrics", "REDIS_ONLY_METRICS", "`web.own_metrics`"),
    _bool(
        "include-go-runtime-metrics",
        "INCLUDE_GO_RUNTIME_METRICS",
        "there is no Go here; the daemon's own metrics are `process_…` and `redis_vigil_…`",
        _DIFFERS,
    ),
    _bool("ping-on-connect", "PING_ON_CONNECT", "PING is always timed (`samplers.latency`)", _NEEDLESS),
    _bool("include-config-metrics", "INCL_CONFIG_METRICS", "`samplers.config.all`"),
    _bool(
        "redact-config-metrics",
        "REDACT_CONFIG_METRICS",
        "values of CONFIG that may be secret are always left out",
        _DIFFERS,
        default="true",
    ),
    _bool(
        "include-modules-metrics",
        "INCL_MODULES_METRICS",
        "modules are asked wherever some are loaded (`samplers.modules`)",
        _NEEDLESS,
    ),
    _bool(
        "include-search-indexes-metrics", "INCL_SEARCH_INDEXES_METRICS", "`samplers.modules.search_indexes`"
    ),
    _text("check-search-indexes", "CHECK_SEARCH_INDEXES", "`samplers.modules.search_indexes`", default=".*"),
    _bool("include-sentinel-peer-info", "INCL_SENTINEL_PEER_INFO", "`samplers.sentinel.peers`"),
    _bool("disable-exporting-key-values", "DISABLE_EXPORTING_KEY_VALUES", "`samplers.keys.values`"),
    _bool(
        "exclude-latency-histogram-metrics",
        "EXCLUDE_LATENCY_HISTOGRAM_METRICS",
        "`samplers.command_latency.enabled`",
    ),
    _bool("include-system-metrics", "INCL_SYSTEM_METRICS", "always shown", _NEEDLESS),
    _bool("include-rdb-file-size-metric", "INCL_RDB_FILE_SIZE_METRIC", "`samplers.config.rdb_file`"),
    _bool(
        "skip-checkkeys-for-role-master",
        "SKIP_CHECKKEYS_FOR_ROLE_MASTER",
        "`samplers.keys.run_on`, `samplers.streams.run_on`",
    ),
    _bool(
        "include-metrics-for-empty-databases",
        "INCL_METRICS_FOR_EMPTY_DATABASES",
        "`samplers.info.empty_databases`",
        default="true",
    ),
    _bool(
        "append-instance-role-label",
        "APPEND_INSTANCE_ROLE_LABEL",
        "the role is the label `role` of `redis_instance_info`; join it where it is needed: "
        "`redis_db_keys * on (instance) group_left (role) redis_instance_info`",
        _DIFFERS,
    ),
)

FORMER: Final = {
    "redis.alias": "write the name of a server as instance of its target",
    "redis.file": "write its servers as targets",
    "separator": "write the servers as targets",
    "use-cf-bindings": "write the servers of the binding as targets, or list them by discovery.file",
}
"""Flags that redis_exporter had before 1.0, and what to do instead."""

BY_NAME: Final = {flag.name: flag for flag in FLAGS}
BY_VARIABLE: Final = {flag.variable: flag for flag in FLAGS if flag.variable}
