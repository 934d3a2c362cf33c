"""Texts are the labels and annotations of a rule file: plain, or Go templates."""

from dataclasses import dataclass, field

from exporter.errors import TemplateError
from exporter.gotemplate import Template
from exporter.gotemplate.prometheus import parse_rule_template

# Labels or annotations as they are written: sorted pairs. Unlike `Labels` they keep empty values: a rule's
# empty label takes a label of the result away.
Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """One label or annotation of a rule: its name, its source, and the template where the source holds one.

    `fault` tells why a source with a template has none: it does not parse.
    """

    name: str
    source: str
    template: Template | None = field(default=None, compare=False, repr=False)
    fault: str = field(default="", compare=False)


def parse_text(name: str, source: str, alert: str) -> Text:
    """A label or annotation of an alerting rule, ready to be expanded."""
    if "{{" not in source:
        return Text(name, source)
    try:
        template = parse_rule_template(source, name=f"__alert_{alert}")
    except TemplateError as error:
        return Text(name, source, fault=str(error))
    return Text(name, source, template)
