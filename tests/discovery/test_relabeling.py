"""Relabelling: what Prometheus makes of the same steps."""

from typing import Any

import pytest
from pydantic import ValidationError

from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling

LABELS = {"a": "foo", "b": "bar", "c": "baz"}


def relabel(labels: dict[str, str], *steps: dict[str, Any]) -> dict[str, str] | None:
    return Relabeling([RelabelSection.model_validate(step) for step in steps]).apply(labels)


@pytest.mark.parametrize(
    ("steps", "after"),
    [
        (
            [
                {
                    "source_labels": ["a", "b"],
                    "target_label": "d",
                    "regex": "f(.*);(.*)r",
                    "replacement": "${1}x$2",
                }
            ],
            LABELS | {"d": "ooxba"},
        ),
        # The whole text has to match.
        ([{"source_labels": ["a"], "regex": "f", "target_label": "d", "replacement": "x"}], LABELS),
        ([{"source_labels": ["a"], "regex": "nothing", "target_label": "b"}], LABELS),
        # An empty value takes the label away; an unknown group is empty.
        ([{"source_labels": ["a"], "target_label": "b", "replacement": ""}], {"a": "foo", "c": "baz"}),
        (
            [{"source_labels": ["a"], "target_label": "b", "replacement": "$2"}],
            {"a": "foo", "c": "baz"},
        ),
        ([{"source_labels": ["a"], "target_label": "label_$1"}], LABELS | {"label_foo": "foo"}),
        # A name that turns out to be none changes nothing.
        (
            [{"source_labels": ["a"], "regex": "(f)oo", "target_label": "x${2}", "replacement": "1"}],
            LABELS | {"x": "1"},
        ),
        ([{"target_label": "env", "replacement": "prod"}], LABELS | {"env": "prod"}),
        ([{"source_labels": ["a"], "target_label": "a", "replacement": "$$x"}], LABELS | {"a": "$x"}),
        ([{"action": "keep", "source_labels": ["a"], "regex": "fo+"}], LABELS),
        ([{"action": "keep", "source_labels": ["a"], "regex": "fo"}], None),
        ([{"action": "drop", "source_labels": ["a"], "regex": "foo"}], None),
        ([{"action": "drop", "source_labels": ["x"], "regex": ".+"}], LABELS),
        ([{"action": "Drop", "source_labels": ["x"], "regex": ""}], None),
        # hashmod: figures of Prometheus' own test.
        (
            [
                {
                    "action": "hashmod",
                    "source_labels": ["c"],
                    "target_label": "d",
                    "separator": ";",
                    "modulus": 1000,
                }
            ],
            LABELS | {"d": "976"},
        ),
        (
            [{"action": "labelmap", "regex": "(a|b)", "replacement": "x_$1"}],
            LABELS | {"x_a": "foo", "x_b": "bar"},
        ),
        ([{"action": "labeldrop", "regex": "a|b"}], {"c": "baz"}),
        ([{"action": "labelkeep", "regex": "a|b"}], {"a": "foo", "b": "bar"}),
        ([{"action": "uppercase", "source_labels": ["a"], "target_label": "d"}], LABELS | {"d": "FOO"}),
        ([{"action": "lowercase", "source_labels": ["b"], "target_label": "a"}], LABELS | {"a": "bar"}),
        ([{"action": "keepequal", "source_labels": ["a"], "target_label": "b"}], None),
        ([{"action": "keepequal", "source_labels": ["a"], "target_label": "a"}], LABELS),
        ([{"action": "dropequal", "source_labels": ["a"], "target_label": "b"}], LABELS),
        ([{"action": "dropequal", "source_labels": ["x"], "target_label": "y"}], None),
        (
            [
                {"source_labels": ["a"], "target_label": "d"},
                {"action": "labeldrop", "regex": "a"},
                {"source_labels": ["d", "a"], "separator": "-", "target_label": "e"},
            ],
            {"b": "bar", "c": "baz", "d": "foo", "e": "foo-"},
        ),
    ],
)
def test_steps(steps: list[dict[str, Any]], after: dict[str, str] | None) -> None:
    assert relabel(dict(LABELS), *steps) == after


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"action": "nothing"}, "action"),
        ({}, "target_label: is missing: replace needs one"),
        ({"action": "hashmod", "target_label": "x"}, "modulus: hashmod needs a modulus"),
        ({"action": "hashmod", "modulus": 3}, "target_label: is missing: hashmod needs one"),
        ({"target_label": "a-b"}, '"a-b" is not a label name'),
        ({"target_label": "${1"}, "is not a label name"),
        ({"target_label": "kubernetes_namespace_and_its_name-$1"}, "is not a label name"),
        ({"action": "lowercase", "target_label": "a", "replacement": "x"}, "has no effect with lowercase"),
        ({"action": "labelmap", "replacement": "a-$1"}, '"a-\\$1" is not a label name'),
        ({"action": "labeldrop", "source_labels": ["a"]}, "source_labels: has no effect with labeldrop"),
        ({"action": "keepequal", "target_label": "a", "regex": "x"}, "regex: has no effect with keepequal"),
        ({"action": "drop", "regex": "("}, "regex: is not a regular expression"),
        ({"action": "drop", "source_labels": ["a-b"]}, '"a-b" is not a label name'),
    ],
)
def test_steps_that_cannot_be_meant(step: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RelabelSection.model_validate(step)


def test_numbers_are_texts() -> None:
    step = {"source_labels": ["port"], "regex": 6379, "action": "keep"}
    assert relabel({"port": "6379"}, step) == {"port": "6379"}
