"""Job labels are added to alerts and samples that were saved when series had no label `job` yet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from exporter.model.labels import Labels
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL
from exporter.promql import Expr
from exporter.rules.label_flow import LabelNames, labels_of
from exporter.rules.model import AlertSpec, RuleFile

_ALERT_NAME: Final = "alertname"


class _OnlyJob(Mapping[str, LabelNames]):
    """A catalogue in which the series of every metric have a job."""

    def __getitem__(self, name: str) -> LabelNames:
        return frozenset({JOB_LABEL})

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def keeps_job(expr: Expr) -> bool:
    """Tell whether what an expression returns has the label `job` of the series that it reads."""
    labels = labels_of(expr, _OnlyJob())
    return labels is None or JOB_LABEL in labels


class JobLabels:
    """The jobs of servers, to be added to labels that name one.

    `jobs` has them by `instance`; servers that are still to be found have the `default`.
    """

    def __init__(self, files: Iterable[RuleFile], jobs: Mapping[str, str], default: str) -> None:
        self._jobs = jobs
        self._default = default
        self._names = {
            rule.name
            for file in files
            for group in file.groups
            for rule in group.rules
            if isinstance(rule, AlertSpec) and keeps_job(rule.expression.root)
        }

    def of_alert(self, labels: Labels) -> Labels:
        """Return the labels that the rule of an alert gives it now."""
        return self.of_series(labels) if labels.get(_ALERT_NAME) in self._names else labels

    def of_series(self, labels: Labels) -> Labels:
        """Return the labels of a server's series, with its job."""
        instance = labels.get(INSTANCE_LABEL)
        if not instance or JOB_LABEL in labels:
            return labels
        return labels.with_({JOB_LABEL: self._jobs.get(instance, self._default)})


def unchanged(labels: Labels) -> Labels:
    """Return the labels as they are: nothing was saved under other ones."""
    return labels
