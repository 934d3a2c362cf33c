"""Whatever an alertmanager.yml holds, it is accepted or refused with a sentence."""

import contextlib
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.alertmanager.config import AlertmanagerConfig, parse_alertmanager_config
from exporter.config.alertmanager.inhibition import InhibitRule
from exporter.config.alertmanager.intervals import NamedInterval, TimeInterval, TimeRange
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.alertmanager.routes import RouteConfig
from exporter.config.document import Document
from exporter.errors import ConfigError

_KEYS = sorted(
    {
        field.alias or name
        for model in (
            AlertmanagerConfig,
            RouteConfig,
            InhibitRule,
            NamedInterval,
            TimeInterval,
            TimeRange,
            Receiver,
        )
        for name, field in model.model_fields.items()
    }
)
_WORDS = [
    "a",
    "...",
    "5m",
    "0s",
    "a=b",
    "{a=~'('}",
    "monday:friday",
    "-1",
    "1:31",
    "24:00",
    "UTC",
    "true",
    "[",
]
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(_WORDS))
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(_KEYS), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(_KEYS)), _DATA, max_size=6))
def test_any_data_is_a_configuration_or_refused(data: dict[str, Any]) -> None:
    data.setdefault("route", {"receiver": "a"})
    text = yaml.safe_dump(data, allow_unicode=True)
    with contextlib.suppress(ConfigError):
        config = parse_alertmanager_config(Document.parse(text, "am.yml", lenient=True))
        assert config.to_yaml()
