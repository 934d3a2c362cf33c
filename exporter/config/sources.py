"""What all sources of servers have in common in `discovery`."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from exporter.config.naming import check_name_template
from exporter.config.relabeling import RelabelSection
from exporter.config.targets import AccessSection, LabelMap, check_one_job
from exporter.config.validation import PlacedError
from exporter.errors import Problem


class SourceSection(AccessSection):
    """What all sources have: the way in to the servers that they name, their names and labels."""

    placeholders: ClassVar[Sequence[str]] = ("host", "port")

    job: str = ""
    """Instead of `global.job`, for these servers; a label `job` that the source gives a server wins."""
    labels: LabelMap = Field(default_factory=dict)
    """Labels that all series of these servers carry."""
    instance: str = ""
    """A template for the label `instance` of the servers found, such as `"{host}"`; host:port where there is
    none. Where several servers would have one name, the second is called `name-2`, and so on."""
    relabel_configs: tuple[RelabelSection, ...] = ()
    """What is done to the labels of each server found, or whether it is left out, as in Prometheus."""

    @model_validator(mode="after")
    def _check_job(self) -> Self:
        check_one_job(self.job, self.labels)
        return self

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise PlacedError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        """Return the settings that contradict each other."""
        try:
            check_name_template(self.instance, [*self.placeholders, *self.labels])
        except ValueError as error:
            yield Problem(("instance",), str(error))


class AddressedSection(SourceSection):
    """Sources that tell addresses, and not whether these are reached by TLS."""

    scheme: Literal["redis", "rediss"] = "redis"
    """`rediss`: the servers are reached by TLS."""

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if self.tls.model_fields_set and self.scheme == "redis" and not self.relabel_configs:
            yield Problem(("tls",), "has no effect: TLS needs scheme: rediss")
