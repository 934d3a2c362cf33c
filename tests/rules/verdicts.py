"""Rule files that Prometheus takes, and some that it does not: the verdicts are promtool's."""

_RULE = "groups:\n- name: g\n  rules:\n  - "


def _rule(*lines: str) -> str:
    return _RULE + "\n    ".join(lines) + "\n"


def _alert(*lines: str) -> str:
    return _rule("alert: A", "expr: up == 0", *lines)


def _record(*lines: str) -> str:
    return _rule("record: r", "expr: up", *lines)


_FUNCTIONS = """
  a: '{{ with query "up" | sortByLabel "a" }}{{ . | first | value | humanize1024 }}{{ end }}'
  b: '{{ range $i, $s := query "up" }}{{ label "a" $s | toUpper | title }}{{ else }}none{{ end }}'
  c: '{{ reReplaceAll "a" "b" $labels.instance }}{{ if match "a" "b" }}{{ end }}'
  d: '{{ $value | humanizeDuration }}{{ $externalLabels.x }}{{ $externalURL }}{{ pathPrefix }}'
  e: '{{ printf "%.2f" $value }}{{ graphLink "up" }}{{ tableLink "up" }}{{ safeHtml "a" }}'
  f: '{{ humanizePercentage 0.5 }}{{ humanizeTimestamp 1.0 }}{{ args 1 2 }}'
  g: '{{ stripPort "a:1" }}{{ parseDuration "1h" }}{{ toLower "A" }}{{ externalURL }}'
  h: '{{ strvalue (query "up" | first) }}{{ toTime 1.0 }}'
""".strip("\n").splitlines()

GOOD = {
    "an empty file": "",
    "only a comment": "# nothing\n",
    "null": "~\n",
    "no groups": "groups:\n",
    "an empty list of groups": "groups: []\n",
    "an empty mapping": "{}\n",
    "a second document": "groups: []\n---\nwhatever: 1\n",
    "a group without rules": "groups:\n- name: g\n",
    "a group with null rules": "groups:\n- name: g\n  rules: ~\n",
    "a group that is null": "groups:\n-\n- name: g\n",
    "a rule that is null": "groups:\n- name: g\n  rules:\n  -\n",
    "an alert": _alert(),
    "a recording rule": _record(),
    "all keys of an alert": _alert(
        "for: 1m", "keep_firing_for: 2m", "labels: {a: b}", "annotations: {c: '{{ $value }}'}"
    ),
    "all old keys of a group": "groups:\n- name: g\n  interval: 1m30s\n  limit: 7\n  rules: []\n",
    "interval 0": "groups:\n- name: g\n  interval: 0\n",
    "an empty interval": "groups:\n- name: g\n  interval:\n",
    "a limit as a fraction": "groups:\n- name: g\n  limit: 5.5\n",
    "a limit in hexadecimal": "groups:\n- name: g\n  limit: 0x10\n",
    "a limit in octal": "groups:\n- name: g\n  limit: 010\n",
    "a limit with an exponent": "groups:\n- name: g\n  limit: 1e3\n",
    "a limit with underscores": "groups:\n- name: g\n  limit: 1_000\n",
    "a negative limit": "groups:\n- name: g\n  limit: -1\n",
    "a name that is a number": "groups:\n- name: 5\n",
    "label values that are not texts": _alert("labels: {a: 1, b: true, c: , d: 1.50, e: 2001-01-01, f: off}"),
    "merge keys": _RULE + "&a\n    alert: A\n    expr: up\n  - <<: *a\n    alert: B\n",
    "for 0s on a recording rule": _record("for: 0s"),
    "empty annotations on a recording rule": _record("annotations: {}"),
    "a string as the expression": _rule("alert: A", "expr: '\"text\"'"),
    "a range vector as the expression": _rule("alert: A", "expr: 'up[5m]'"),
    "an expression that YAML takes for true": _rule("alert: A", "expr: true"),
    "an expression over lines": _rule("alert: A", "expr: |", "  up", "  == # comment", "  0"),
    "an alert's name that is no name": _rule("alert: 'a b {{'", "expr: up"),
    "the label alertname": _alert("labels: {alertname: x}"),
    "the annotation __name__": _alert("annotations: {__name__: x}"),
    "a record with colons": _rule("record: 'a:b:c'", "expr: up"),
    "a template that will fail": _alert(
        "annotations: {a: '{{ .Foo }}', b: '{{ humanize }}', c: '{{ template \"x\" }}'}"
    ),
    "all functions of templates": _alert("annotations:", *_FUNCTIONS),
    "two rules alike": _RULE + "alert: A\n    expr: up\n  - alert: A\n    expr: up\n",
    "two groups of one name in two cases": "groups:\n- name: a\n- name: A\n",
    "tags of plain types": _alert("for: !!str 5m"),
}

BAD = {
    "not YAML": "groups: [\n",
    "a tab": "groups:\n\t- name: a\n",
    "a number": "5\n",
    "a list": "[]\n",
    "an unknown key at the top": "x: 1\n",
    "groups as a mapping": "groups: {}\n",
    "an unknown key in a group": "groups:\n- name: g\n  every: 1m\n",
    "an unknown key in a rule": _alert("severity: page"),
    "a key in capitals": _alert("For: 1m"),
    "a key twice": _alert("for: 1m", "for: 2m"),
    "a label twice": _alert("labels: {a: b, a: c}"),
    "rules as a mapping": "groups:\n- name: g\n  rules: {}\n",
    "a group without a name": "groups:\n- rules: []\n",
    "a group with an empty name": "groups:\n- name: ''\n",
    "two groups of one name": "groups:\n- name: g\n- name: g\n",
    "an interval without a unit": "groups:\n- name: g\n  interval: 5\n",
    "an interval that is an empty text": "groups:\n- name: g\n  interval: ''\n",
    "an interval with a fraction": "groups:\n- name: g\n  interval: 1.5h\n",
    "a limit in quotes": "groups:\n- name: g\n  limit: '5'\n",
    "a limit that is true": "groups:\n- name: g\n  limit: true\n",
    "a limit that is a word": "groups:\n- name: g\n  limit: many\n",
    "a limit that is not a number": "groups:\n- name: g\n  limit: .nan\n",
    "a limit out of range": "groups:\n- name: g\n  limit: 99999999999999999999\n",
    "an empty rule": _rule("{}"),
    "neither alert nor record": _rule("expr: up"),
    "both alert and record": _rule("alert: A", "record: r", "expr: up"),
    "an alert without a name": _rule("alert: ''", "expr: up"),
    "no expression": _rule("alert: A"),
    "an empty expression": _rule("alert: A", "expr: ''"),
    "a blank expression": _rule("alert: A", "expr: ' '"),
    "a list as the expression": _rule("alert: A", "expr: [up]"),
    "an expression that does not parse": _rule("alert: A", "expr: up =="),
    "an unknown function": _rule("alert: A", "expr: foo(up)"),
    "wrong types": _rule("alert: A", "expr: rate(up)"),
    "a bad regular expression": _rule("alert: A", "expr: 'up{a=~\"(\"}'"),
    "for on a recording rule": _record("for: 1m"),
    "keep_firing_for on a recording rule": _record("keep_firing_for: 1m"),
    "annotations on a recording rule": _record("annotations: {a: b}"),
    "a record with braces": _rule("record: 'a{b=\"c\"}'", "expr: up"),
    "units of for in the wrong order": _alert("for: 5m1h"),
    "a negative for": _alert("for: -5m"),
    "a unit twice": _alert("for: 1m1m"),
    "the label __name__": _alert("labels: {__name__: x}"),
    "the label __name__ on a recording rule": _record("labels: {__name__: x}"),
    "an empty label name": _alert("labels: {'': x}"),
    "an empty annotation name": _alert("annotations: {'': x}"),
    "a list as a label": _alert("labels: {a: [b]}"),
    "labels as a list": _alert("labels: [a]"),
    "an action that is not closed": _alert("annotations: {a: '{{ $value'}"),
    "an unknown variable": _alert("annotations: {a: '{{ $foo }}'}"),
    "an unknown template function": _alert("labels: {a: '{{ nofunc 1 }}'}"),
    "an if without end": _alert("annotations: {a: '{{ if true }}x'}"),
    "a surrogate": _alert('labels: {a: "\\ud800"}'),
}

# What Prometheus 3 takes and promtool 2.42 does not know yet, or the other way round.
GOOD_SINCE_3 = {
    "query_offset": "groups:\n- name: g\n  query_offset: 1m\n",
    "labels of a group": "groups:\n- name: g\n  labels: {a: b}\n",
    "a group's label that is a broken template": "groups:\n- name: g\n  labels: {a: '{{'}\n  rules:\n"
    "  - {alert: A, expr: up}\n",
    "a label name of any characters": _alert("labels: {a-b: x, 'c d': y}", "annotations: {'e f': z}"),
    "a record name of any characters": _rule("record: 'a b'", "expr: up"),
}
BAD_SINCE_3 = {
    "query_offset without a unit": "groups:\n- name: g\n  query_offset: 5\n",
    "the label __name__ on a group": "groups:\n- name: g\n  labels: {__name__: x}\n",
    "an unknown key beside the new ones": "groups:\n- name: g\n  offset: 1m\n",
}
