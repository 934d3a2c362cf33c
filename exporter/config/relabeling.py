"""`relabel_configs`, as Prometheus has them for targets, alerts and series.

Source of fields, defaults and checks: model/relabel/relabel.go of github.com/prometheus/prometheus.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from exporter.config.fields import Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem
from exporter.model.regex import InvalidRegexError, compile_regex

LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_REFERENCE: Final = r"\$(?:\{\w+\}|\w)"
# A label name with references to groups in it.
_LABEL_TEMPLATE: Final = re.compile(rf"(?:[a-zA-Z_]|{_REFERENCE})(?:\w|{_REFERENCE})*", re.ASCII)
_WITH_TARGET: Final = frozenset({"replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"})
_EQUALITY: Final = frozenset({"keepequal", "dropequal"})
_OF_NAMES: Final = frozenset({"labeldrop", "labelkeep"})


def _text(value: object) -> object:
    """YAML reads some texts, such as a port, as numbers."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_Text = Annotated[str, BeforeValidator(_text)]


class RelabelSection(Section):
    """One step in which labels are rewritten, or what has them (a server, an alert, a series) is left out."""

    action: Annotated[
        Literal[
            "replace",
            "keep",
            "drop",
            "keepequal",
            "dropequal",
            "hashmod",
            "labelmap",
            "labeldrop",
            "labelkeep",
            "lowercase",
            "uppercase",
        ],
        BeforeValidator(_lower),
    ] = "replace"
    """What is done."""
    source_labels: tuple[str, ...] = ()
    """The labels whose values are joined to the text that `regex` is matched with."""
    separator: _Text = ";"
    """What stands between them."""
    regex: _Text = "(.*)"
    """A regular expression (RE2) that the whole text has to match; of names of labels for `labelmap`,
    `labeldrop` and `labelkeep`."""
    modulus: Annotated[int, Field(ge=0)] = 0
    """What the hash of the text is divided by, for `hashmod`."""
    target_label: _Text = ""
    """The label that is written; it may refer to groups of `regex` for `replace`."""
    replacement: _Text = "$1"
    """What is written; `$1` or `${1}` stands for a group of `regex`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise PlacedError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        for index, name in enumerate(self.source_labels):
            if not LABEL_NAME.fullmatch(name):
                yield Problem(("source_labels", index), f'"{name}" is not a label name')
        try:
            compile_regex(self.regex, with_groups=True)
        except InvalidRegexError as error:
            yield Problem(("regex",), f"is not a regular expression: {error}")
        if self.action == "hashmod" and not self.modulus:
            yield Problem(("modulus",), "hashmod needs a modulus that is not 0")
        if self.action in _WITH_TARGET:
            yield from self._target_problems()
        if self.action == "labelmap" and not _LABEL_TEMPLATE.fullmatch(self.replacement):
            yield Problem(("replacement",), f'"{self.replacement}" is not a label name')
        if self.action in ("lowercase", "uppercase") and self.replacement != "$1":
            yield Problem(("replacement",), f"has no effect with {self.action}")
        if self.action in _EQUALITY | _OF_NAMES:
            yield from self._surplus_problems()

    def _target_problems(self) -> Iterator[Problem]:
        may_refer = self.action == "replace" and "$" in self.target_label
        form = _LABEL_TEMPLATE if may_refer else LABEL_NAME
        if not self.target_label:
            yield Problem(("target_label",), f"is missing: {self.action} needs one")
        elif not form.fullmatch(self.target_label):
            yield Problem(("target_label",), f'"{self.target_label}" is not a label name')

    def _surplus_problems(self) -> Iterator[Problem]:
        used = (
            {"action", "regex"} if self.action in _OF_NAMES else {"action", "source_labels", "target_label"}
        )
        for name in sorted(self.model_fields_set - used):
            if getattr(self, name) != type(self).model_fields[name].default:
                yield Problem((name,), f"has no effect with {self.action}")
