"""What queries select: always by the variables of the dashboard, and always summed up over all other labels.

A query that leaves nothing but the labels that it shows has the same answer on Prometheus and on the daemon,
and is right where two daemons watch the same servers.
"""

from typing import Final

_JOB: Final = 'job=~"$job"'
_TARGETS: Final = 'job=~"$job", instance=~"$instance"'
DATABASE: Final = 'db=~"$database"'
QUEUE: Final = 'framework=~"$framework", queue=~"$queue"'
RATE: Final = "$__rate_interval"
"""Grafana's window for rates: never shorter than four scrapes."""
_DAEMON: Final = 'and on (job, instance) redis_vigil_build_info{job=~"$job"}'


def of(metric: str, *matchers: str) -> str:
    """A metric of the chosen servers."""
    return f"{metric}{{{', '.join((_TARGETS, *matchers))}}}"


def rate_of(metric: str, *matchers: str) -> str:
    """Per second, of the chosen servers."""
    return f"rate({of(metric, *matchers)}[{RATE}])"


def own(metric: str, *matchers: str) -> str:
    """A metric of the daemon itself.

    Other programs have metrics of the same name (`process_…`, `alertmanager_…`): only what the daemon says
    counts.
    """
    return f"{_own(metric, *matchers)} {_DAEMON}"


def own_rate(metric: str, *matchers: str, window: str = RATE, function: str = "rate") -> str:
    """`rate` or `increase` of a counter of the daemon itself."""
    return f"{function}({_own(metric, *matchers)}[{window}]) {_DAEMON}"


def _own(metric: str, *matchers: str) -> str:
    return f"{metric}{{{', '.join((_JOB, *matchers))}}}"


def best(expression: str, *labels: str) -> str:
    """The greatest by server and further labels: what two daemons say of one server becomes one."""
    return f"max by ({', '.join(('instance', *labels))}) ({expression})"


def or_zero(expression: str) -> str:
    """0 instead of nothing, for what has no labels."""
    return f"{expression} or vector(0)"


def hits() -> str:
    """Look-ups per second that found their key, by server, without those of the daemon itself."""
    return _without_own("redis_keyspace_hits_total", "redis_vigil_own_keyspace_hits_total")


def misses() -> str:
    """Look-ups per second that found nothing, by server, without those of the daemon itself."""
    return _without_own("redis_keyspace_misses_total", "redis_vigil_own_keyspace_misses_total")


def _without_own(metric: str, part: str) -> str:
    every, of_daemon = best(rate_of(metric)), best(rate_of(part))
    return f"clamp_min({every} - ({of_daemon} or 0 * {every}), 0)"


def hit_ratio() -> str:
    """Hits in parts of all look-ups, by server; nothing where nobody looks up anything."""
    return f"{hits()} / ({hits()} + {misses()} > 0)"


def memory_ratio() -> str:
    """Memory used in parts of maxmemory, by server; nothing where there is no limit."""
    return f"{best(of('redis_memory_used_bytes'))} / ({best(of('redis_memory_max_bytes'))} > 0)"


def clients_ratio() -> str:
    """Connections in parts of maxclients, by server."""
    return f"{best(of('redis_connected_clients'))} / ({best(of('redis_max_clients'))} > 0)"


def replication_lag() -> str:
    """Seconds by server: of a primary, how far its worst replica is behind; of a replica, how long ago it
    heard its primary."""
    behind = best(of("redis_connected_slave_lag_seconds"))
    heard = best(of("redis_master_last_io_seconds_ago"))
    return f"{behind} or {heard}"


def alerts(state: str) -> str:
    """Alerts of the chosen servers in a state, and those of the daemon, but for its dead man's switch."""
    return f'ALERTS{{job=~"$job|", instance=~"$instance|", alertstate="{state}", severity!="none"}}'
