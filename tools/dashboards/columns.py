"""Tables: one query per column, joined into rows by the labels that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.dashboards.panels import DATA_SOURCE, REFS, About, Query, targets
from tools.dashboards.thresholds import PLAIN, Limits


@dataclass(frozen=True)
class Column:
    """One column: a query that has one value per row; without a title it is there for its labels only."""

    title: str
    expression: str
    unit: str
    limits: Limits | None = None
    mappings: tuple[models.ValueMap, ...] = ()


@dataclass(frozen=True)
class Key:
    """A label as a column; `link` is where a click on it leads."""

    label: str
    title: str
    link: str = ""


def rows_by(
    about: About,
    keys: Sequence[Key],
    columns: Sequence[Column],
    *,
    sort: str,
    width: int = 24,
    height: int = 9,
    ascending: bool = False,
) -> table.Panel:
    """A table with a row per combination of the keys' labels."""
    queries = [Query(column.expression, "") for column in columns]
    panel = (
        table.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .no_value(about.missing)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(height)
        .thresholds(PLAIN.build())
        .sort_by([common.TableSortByFieldState().display_name(sort).desc(not ascending)])
        .targets(list(targets(queries, PromQueryFormat.TABLE, instant=True)))
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organize(keys, columns))
    )
    for key in keys:
        if key.link:
            panel.override_by_name(key.title, [_property("links", [_link(key)])])
    for column in filter(lambda column: column.title, columns):
        panel.override_by_name(column.title, _properties(column))
    return panel


def _fields(columns: Sequence[Column]) -> list[str]:
    # Grafana numbers the values of several queries only.
    if len(columns) == 1:
        return ["Value"]
    return [f"Value #{ref}" for ref, _ in zip(REFS, columns, strict=False)]


def _organize(keys: Sequence[Key], columns: Sequence[Column]) -> models.DataTransformerConfig:
    fields = _fields(columns)
    order = [*(key.label for key in keys), *fields]
    titles = {key.label: key.title for key in keys}
    titles |= {field: column.title for field, column in zip(fields, columns, strict=True) if column.title}
    hidden = [field for field, column in zip(fields, columns, strict=True) if not column.title]
    options: dict[str, Any] = {
        "excludeByName": dict.fromkeys(["Time", *hidden], True),
        "indexByName": {name: index for index, name in enumerate(order)},
        "renameByName": titles,
    }
    return models.DataTransformerConfig(id_val="organize", options=options)


def _properties(column: Column) -> list[models.DynamicConfigValue]:
    found = [_property("unit", column.unit)]
    if column.mappings:
        found.append(_property("mappings", list(column.mappings)))
    if column.limits is not None:
        found.append(_property("thresholds", column.limits.build().build()))
        found.append(_property("color", {"mode": "thresholds"}))
        found.append(_property("custom.cellOptions", {"type": "color-text"}))
    return found


def _link(key: Key) -> dict[str, object]:
    return {"title": f"Show this {key.title.lower()}", "url": key.link, "targetBlank": False}


def _property(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)
