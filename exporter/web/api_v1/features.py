"""`features`: what of Prometheus is here, by the names that Prometheus has for it."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from exporter.gotemplate.prometheus import rule_functions
from exporter.promql.syntax.signatures import (
    EXPERIMENTAL_AGGREGATORS,
    EXPERIMENTAL_FUNCTIONS,
    FUNCTIONS,
)
from exporter.promql.syntax.tokens import AGGREGATORS, OPERATORS
from exporter.web.api_v1.reply import Answer, api
from exporter.web.directory import CurrentConfig

_PROMQL: Final = (
    "at_modifier bool by duration_expr group_left group_right ignoring negative_offset offset on "
    "per_query_lookback_delta subqueries without"
)
_NO_PROMQL: Final = "anchored fill fill_left fill_right per_step_stats smoothed type_and_unit_labels"
_API: Final = (
    "exclude_alerts label_values_match lifecycle query_stats query_warnings time_range_labels "
    "time_range_series"
)
_NO_API: Final = "admin openapi_3.1 openapi_3.2 otlp_write_receiver remote_write_receiver search"
_TEMPLATE_FUNCTIONS: Final = frozenset(rule_functions(lambda _: [], at_seconds=0.0, external_url=""))
_NO_TSDB: Final = "exemplar_storage native_histograms st_storage"


def routes(current: CurrentConfig) -> Sequence[Route]:
    """The route."""

    async def features(_: Request) -> Answer:
        return Answer(features_of(current.config.global_.delayed_name_removal))

    return (Route("/api/v1/features", api(features), methods=["GET"]),)


def features_of(delayed_name_removal: bool) -> dict[str, dict[str, bool]]:
    """By group what is here and what is not; what is missing makes no sense here."""
    promql = _flags(_PROMQL, _NO_PROMQL)
    return {
        "api": _flags(_API, _NO_API),
        "prometheus": {"agent_mode": False, "auto_reload_config": False, "server_mode": True},
        "promql": {**promql, "delayed_name_removal": delayed_name_removal},
        "promql_functions": _known(FUNCTIONS, EXPERIMENTAL_FUNCTIONS),
        "promql_operators": _known(OPERATORS | AGGREGATORS, EXPERIMENTAL_AGGREGATORS),
        "rules": {"concurrent_rule_eval": False, "keep_firing_for": True, "query_offset": True},
        "service_discovery_providers": {"file": True, "http": True, "static": True},
        "templating_functions": dict.fromkeys(sorted(_TEMPLATE_FUNCTIONS), True),
        "tsdb": _flags("", _NO_TSDB),
    }


def _flags(there: str, missing: str) -> dict[str, bool]:
    return {**dict.fromkeys(there.split(), True), **dict.fromkeys(missing.split(), False)}


def _known(there: Mapping[str, object] | frozenset[str], missing: frozenset[str]) -> dict[str, bool]:
    return {name: name not in missing for name in sorted({*there, *missing})}
