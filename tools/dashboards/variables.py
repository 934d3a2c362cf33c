"""The variables of the dashboards.

On the daemon's own API its own metrics have no label `job`: `All` stands for `.*`, which an absent label
matches as well.
"""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from tools.dashboards.panels import DATA_SOURCE

_ALL: Final = VariableOption(selected=True, text=["All"], value=["$__all"])
_TARGETS: Final = 'job=~"$job", instance=~"$instance"'


def data_source() -> DatasourceVariable:
    """Any data source of the kind Prometheus: the daemon itself is one."""
    return DatasourceVariable("datasource").label("Data source").type("prometheus")


def job() -> QueryVariable:
    """The scrape job; on the daemon that of its servers."""
    return _labels("job", "Job", "label_values(redis_up, job)")


def instance() -> QueryVariable:
    """The servers."""
    return _labels("instance", "Instance", 'label_values(redis_up{job=~"$job"}, instance)')


def database() -> QueryVariable:
    """The databases that servers have."""
    return _labels("database", "Database", f"label_values(redis_db_keys{{{_TARGETS}}}, db)")


def framework() -> QueryVariable:
    """The frameworks of the queues."""
    return _labels("framework", "Framework", f"label_values(redis_queue_jobs{{{_TARGETS}}}, framework)")


def queue() -> QueryVariable:
    """The queues of the chosen frameworks."""
    chosen = f'redis_queue_jobs{{{_TARGETS}, framework=~"$framework"}}'
    return _labels("queue", "Queue", f"label_values({chosen}, queue)")


def _labels(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .query({"query": query, "refId": f"variable-{name}"})
        .datasource(DATA_SOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(_ALL)
    )
