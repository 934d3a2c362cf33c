"""What every dashboard has around its panels: variables, annotations, links to the others, rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from tools.dashboards import annotations, variables
from tools.dashboards.panels import PanelBuilder

TAG: Final = "redis-vigil"
UID_PREFIX: Final = "redis-vigil-"


@dataclass(frozen=True)
class Group:
    """A row of panels under a heading."""

    title: str
    panels: Sequence[PanelBuilder]


def assemble(
    name: str,
    title: str,
    description: str,
    groups: Sequence[Group],
    further_variables: Sequence[Callable[[], QueryVariable]] = (),
) -> Dashboard:
    """A dashboard: `name` makes its uid, which never changes, and the name of its file."""
    board = (
        Dashboard(f"Redis / {title}")
        .uid(UID_PREFIX + name)
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .refresh("30s")
        .time("now-1h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
        .link(_links())
        .with_variable(variables.data_source())
        .with_variable(variables.job())
        .with_variable(variables.instance())
    )
    for variable in further_variables:
        board.with_variable(variable())
    for annotation in (annotations.restarts, annotations.failovers, annotations.firing_alerts):
        board.annotation(annotation())
    _place(board, groups)
    return board


def _place(board: Dashboard, groups: Sequence[Group]) -> None:
    number = 1
    for group in groups:
        board.with_row(Row(group.title).id(number))
        for panel in group.panels:
            number += 1
            board.with_panel(panel.id(number))
        number += 1


def _links() -> DashboardLink:
    """To every dashboard of this set; the variables and the time range go along."""
    return (
        DashboardLink("Redis")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
        .tooltip("The other dashboards, with the same servers and time range")
    )


def url_of(name: str, *kept: str, **chosen: str) -> str:
    """The address of a dashboard: the data source, the job, the time range and further variables (`kept`) as
    here, others set (`chosen`)."""
    variables_kept = [f"${{{variable}:queryparam}}" for variable in ("datasource", "job", *kept)]
    set_here = [f"var-{variable}={value}" for variable, value in chosen.items()]
    return f"/d/{UID_PREFIX}{name}?{'&'.join([*variables_kept, '${__url_time_range}', *set_here])}"
