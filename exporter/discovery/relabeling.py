"""Relabelling: how labels of a server, an alert or a series are rewritten, or what has them left out.

Source of the semantics: model/relabel/relabel.go of github.com/prometheus/prometheus.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from exporter.config.relabeling import LABEL_NAME, RelabelSection
from exporter.model.expansion import expander
from exporter.model.hashmod import hashmod
from exporter.model.regex import compile_regex

Labels = dict[str, str]


class Relabeling:
    """The steps of a list of `relabel_configs`, in order."""

    def __init__(self, sections: Sequence[RelabelSection] = ()) -> None:
        self.sections = tuple(sections)
        self._steps = [_Step(section) for section in sections]

    def apply(self, labels: Mapping[str, str]) -> Labels | None:
        """Return the labels after relabelling; None where whatever has them is dropped."""
        changed = dict(labels)
        if all(step.apply(changed) for step in self._steps):
            return changed
        return None


class _Step:
    def __init__(self, section: RelabelSection) -> None:
        self._section = section
        self._regex = compile_regex(section.regex, with_groups=True)
        self._expand_target = expander(section.target_label, self._regex)
        self._expand = expander(section.replacement, self._regex)
        self._act = _ACTIONS[section.action]

    def apply(self, labels: Labels) -> bool:
        """Change the labels; whether the server stays."""
        section = self._section
        text = section.separator.join([labels.get(name, "") for name in section.source_labels])
        return self._act(self, labels, text)

    def matches(self, text: str) -> bool:
        return self._regex.matches(text)

    def keep(self, _: Labels, text: str) -> bool:
        return self.matches(text)

    def drop(self, _: Labels, text: str) -> bool:
        return not self.matches(text)

    def keep_equal(self, labels: Labels, text: str) -> bool:
        return labels.get(self._section.target_label, "") == text

    def drop_equal(self, labels: Labels, text: str) -> bool:
        return labels.get(self._section.target_label, "") != text

    def replace(self, labels: Labels, text: str) -> bool:
        match = self._regex.fullmatch(text)
        if match is not None:
            _set(labels, "".join(self._expand_target(match)), "".join(self._expand(match)))
        return True

    def lowercase(self, labels: Labels, text: str) -> bool:
        _set(labels, self._section.target_label, text.lower())
        return True

    def uppercase(self, labels: Labels, text: str) -> bool:
        _set(labels, self._section.target_label, text.upper())
        return True

    def hash_modulus(self, labels: Labels, text: str) -> bool:
        _set(labels, self._section.target_label, str(hashmod(text, self._section.modulus)))
        return True

    def map_names(self, labels: Labels, _: str) -> bool:
        for name, value in list(labels.items()):
            match = self._regex.fullmatch(name)
            if match is not None:
                _set(labels, "".join(self._expand(match)), value)
        return True

    def drop_names(self, labels: Labels, _: str) -> bool:
        for name in [name for name in labels if self.matches(name)]:
            del labels[name]
        return True

    def keep_names(self, labels: Labels, _: str) -> bool:
        for name in [name for name in labels if not self.matches(name)]:
            del labels[name]
        return True


_ACTIONS: Final[Mapping[str, Callable[[Any, Labels, str], bool]]] = {
    "replace": _Step.replace,
    "keep": _Step.keep,
    "drop": _Step.drop,
    "keepequal": _Step.keep_equal,
    "dropequal": _Step.drop_equal,
    "hashmod": _Step.hash_modulus,
    "labelmap": _Step.map_names,
    "labeldrop": _Step.drop_names,
    "labelkeep": _Step.keep_names,
    "lowercase": _Step.lowercase,
    "uppercase": _Step.uppercase,
}


def _set(labels: Labels, name: str, value: str) -> None:
    """An empty value takes the label away; what is no name of a label is left out."""
    if not LABEL_NAME.fullmatch(name):
        return
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)
