"""Labels and annotations of alerts are expanded for one evaluation."""

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

from exporter.errors import QueryError, TemplateError
from exporter.gotemplate import Function, FunctionError
from exporter.gotemplate.prometheus import AlertTemplateData, alert_data, expand_rule_template, rule_functions
from exporter.model.labels import Labels
from exporter.promql import Expression, Pace, VectorSample, parse
from exporter.rules.environment import Environment, QueryEngine
from exporter.rules.results import samples_of
from exporter.rules.texts import Text, Texts


class Expander:
    """An expander of texts for the results of one rule at one time; their queries yield control at `pace`.

    `fault` is what was wrong with the first text that could not be expanded; empty: nothing.
    """

    def __init__(self, environment: Environment, at_ms: int, pace: Pace | None = None) -> None:
        self.fault = ""
        self._environment = environment
        self._at_ms = at_ms
        self._pace = pace
        self._functions: Mapping[str, Function] | None = None

    def _made_functions(self) -> Mapping[str, Function]:
        """The template functions, made when a text needs them: most rules find nothing, most of the time.

        They do not refer to this object: so rarely are cycles collected that they would stay for an hour.
        """
        if self._functions is None:
            environment = self._environment
            query = partial(_query, environment.engine, self._at_ms, self._pace)
            self._functions = rule_functions(
                query, at_seconds=self._at_ms / 1000, external_url=environment.external_url
            )
        return self._functions

    def expand(self, texts: tuple[Text, ...], sample: VectorSample) -> Texts:
        """Expand the texts for one result. A template that fails says so where its text would stand."""
        data: AlertTemplateData | None = None
        expanded = []
        for text in texts:
            if text.template is None:
                expanded.append((text.name, self._failure(text.fault) if text.fault else text.source))
                continue
            data = data or self._data(sample)
            try:
                value = expand_rule_template(text.template, data, self._made_functions())
            except TemplateError as error:
                value = self._failure(str(error))
            expanded.append((text.name, value))
        return tuple(expanded)

    def _failure(self, reason: str) -> str:
        self.fault = self.fault or reason
        return f"<error expanding template: {reason}>"

    def _data(self, sample: VectorSample) -> AlertTemplateData:
        return alert_data(
            sample.labels,
            sample.value,
            external_labels=self._environment.external_labels,
            external_url=self._environment.external_url,
        )


def _query(engine: QueryEngine, at_ms: int, pace: Pace | None, text: str) -> Iterator[tuple[Labels, float]]:
    """Run the query of a template. Raises `FunctionError`."""
    try:
        result = engine.instant(_parse(text), at_ms, pace=pace)
        return iter([(sample.labels, sample.value) for sample in samples_of(result)])
    except QueryError as error:
        raise FunctionError(str(error)) from error


@lru_cache(maxsize=256)
def _parse(text: str) -> Expression:
    """Parse a query of a template, once."""
    return parse(text)
