"""The schema of a rule file: its keys, and the types of their values.

Source: model/rulefmt of Prometheus 3. Scalars come as the text that was written, as Go decodes them: a label
value `1.10` or `yes` is that very text.
"""

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from exporter.config.fields import Duration, Section

# A number to yaml.v3, which then truncates it to a whole one.
_NUMBER: Final = re.compile(
    r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+)"
)
_INT64: Final = 1 << 63
_PREFIXES: Final = {"0b": 2, "0o": 8, "0x": 16}


def whole_number(text: str) -> int:
    """The whole number that Go's YAML decoder makes of a scalar; raises `ValueError`.

    Source: `resolve` and the decoder of go.yaml.in/yaml/v3: underscores are skipped, a fraction is cut off,
    a leading 0 means octal.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'must be a whole number, not "{text}"')
    digits = text.replace("_", "").lstrip("+-").lower()
    base = _PREFIXES.get(digits[:2])
    if base:
        number = int(digits[2:] or "0", base)
    elif len(digits) > 1 and digits[0] == "0" and digits.isdigit() and not set(digits) & {"8", "9"}:
        number = int(digits, 8)
    else:
        number = int(float(digits)) if set(digits) & set(".e") else int(digits)
    if number >= _INT64:
        raise ValueError(f'must be a whole number of sensible size, not "{text}"')
    return -number if text.startswith("-") else number


def _limit(value: Any) -> Any:
    return whole_number(value) if isinstance(value, str) else value


def _texts(value: Any) -> Any:
    """An empty value in a mapping of texts is the empty text."""
    if not isinstance(value, dict):
        return value
    return {name: "" if text is None else text for name, text in value.items()}


TextMapping = Annotated[dict[str, str], BeforeValidator(_texts)]


class RuleSection(Section):
    """One rule; which keys go together is checked elsewhere."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    for_: Duration = Field(Duration(0), alias="for")
    keep_firing_for: Duration = Duration(0)
    labels: TextMapping = Field(default_factory=dict)
    annotations: TextMapping = Field(default_factory=dict)


class GroupSection(Section):
    """One group, its rules aside."""

    name: str = ""
    interval: Duration = Duration(0)
    query_offset: Duration = Duration(0)
    limit: Annotated[int, BeforeValidator(_limit)] = 0
    labels: TextMapping = Field(default_factory=dict)
    rules: list[Any] = Field(default_factory=list)


class FileSection(Section):
    """The top of a rule file, the groups themselves aside."""

    groups: list[Any] = Field(default_factory=list)
