"""Rule files as their owners write them."""

from pathlib import Path
from textwrap import dedent

from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile

PLAIN = dedent(
    """\
    # Ours.
    groups:
      - name: ours
        interval: 30s
        rules:
          - record: half
            expr: m / 2

          # The cache is full.
          - alert: CacheFull
            expr: |
              m{a="#"}  # this, and
                > 5
            for: 1m
            labels: {severity: warning}
            annotations:
              summary: "{{ $value }} of \\"5\\""
              # Not seen by anybody.
          # The last one.
          - alert: CacheEmpty
            expr: m < 1
    """
)
# What Prometheus takes, and Kubernetes or an editor by lines does not.
ODD = {
    "in brackets": "groups: [{name: a, rules: [{alert: A, expr: m > 1}, {alert: B, expr: m > 2}]}]",
    "numbers as texts": "groups:\n- name: 1\n  rules:\n"
    "  - {alert: A, expr: 1, for: 0, labels: {tier: 1.10}}\n",
    "second document": "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: m > 1\n---\nmore: 1\n",
    "marker of a document": "---\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: m > 1\n",
    "anchors": "groups:\n- name: a\n  rules:\n"
    "  - &one\n    alert: A\n    expr: m > 1\n  - {<<: *one, alert: B}\n",
    "empty items": "groups:\n-\n- name: a\n  rules:\n  -\n  - alert: A\n    expr: m > 1\n",
    "line breaks of Windows": "groups:\r\n- name: a\r\n  rules:\r\n  - alert: A\r\n    expr: m > 1\r\n",
    "labels of a group": "groups:\n- name: a\n  labels: {team: web}\n  rules:\n"
    "  - alert: A\n    expr: m > 1\n",
    "all keys": "groups:\n- name: a\n  limit: 3\n  query_offset: 5s\n  interval: 1m\n  rules:\n"
    "  - {alert: A, expr: m > 1, for: 1h30m, keep_firing_for: 2m, annotations: {a: 'x: y # z'}}\n"
    "  - {record: r, expr: ' m', labels: {gone: ''}}\n",
}


def loaded(folder: Path, text: str, name: str = "own.yml") -> RuleFile:
    path = folder / name
    path.write_bytes(text.encode())
    (file,) = load_rule_files([path])
    return file
