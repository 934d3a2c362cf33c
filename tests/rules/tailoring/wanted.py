"""Rules, and what is wanted otherwise in them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.config.document import Document, validate
from exporter.config.main import Config
from exporter.config.rules import RuleSection
from exporter.rules.model import AlertSpec, RuleFile
from exporter.rules.tailoring import tailor
from tests.rules.world import read


def entries_of(text: str) -> Mapping[str, Sequence[RuleSection]]:
    """The section `rules` of a configuration, from its YAML."""
    return validate(Document.parse(text, "config.yml", base=Path()), Config).rules


def rule_file(expr: str, name: str = "A", **more: Any) -> RuleFile:
    """A file with one rule."""
    rule = {"alert": name, "expr": expr, **more}
    return read(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))


def alerts_of(files: Sequence[RuleFile]) -> list[AlertSpec]:
    return [
        rule for file in files for group in file.groups for rule in group.rules if isinstance(rule, AlertSpec)
    ]


def variants(expr: str, wanted: str, **more: Any) -> list[AlertSpec]:
    """What becomes of one rule named A, for the entries in YAML that are wanted of it."""
    return alerts_of(tailor([rule_file(expr, **more)], entries_of(f"rules: {{A: {wanted}}}")))
