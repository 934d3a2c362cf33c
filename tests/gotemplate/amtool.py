"""Debian's `amtool` as judge: it runs Go's own text/template and html/template."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from exporter.gotemplate import TemplateSet
from exporter.gotemplate.alertmanager import (
    FUNCTION_NAMES,
    KV,
    Alerts,
    NotificationData,
    TemplateAlert,
    notification_functions,
)
from exporter.gotemplate.encoding import to_plain
from exporter.gotemplate.times import time_of

# Stands as it is between the outputs of templates, in HTML too.
_BETWEEN = "\n==== next template ====\n"
HOSTILE = "<b>&\"'+`= javascript:1 %41\t/x?y#z{é}"


def sample_data() -> NotificationData:
    """Two firing alerts and a resolved one, with labels that mean something to HTML."""
    common = {"alertname": "Down", "job": "redis", "x": HOSTILE}
    alerts = Alerts(
        TemplateAlert(
            status,
            KV({**common, "instance": instance}),
            KV({"summary": f"{instance} is {status}", "runbook": "https://r.example/?a=1&b=2"}),
            time_of(1_704_164_645.678),
            generator_url="http://p.example/graph?g0.expr=up&g0.tab=1",
            fingerprint="00ff",
        )
        for status, instance in (("firing", "a:1"), ("firing", "b:2"), ("resolved", "c:3"))
    )
    return NotificationData(
        "team\\.x",
        "firing",
        alerts,
        KV({"alertname": "Down"}),
        KV(common),
        KV({}),
        "http://am.example:9093/p",
    )


def render_with_amtool(text: str, folder: Path, *, html: bool = False) -> str | None:
    """What Go makes of the template; None where it fails."""
    data = folder / "data.json"
    if not data.exists():
        data.write_text(json.dumps(to_plain(sample_data())))
    kind = "html" if html else "text"
    arguments = [f"--template.text={text}", f"--template.data={data}", "--template.glob=/nonexistent/*"]
    done = subprocess.run(
        ["amtool", "template", "render", f"--template.type={kind}", *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


def render_together_with_amtool(
    texts: Sequence[str], folder: Path, *, html: bool = False
) -> dict[str, str] | None:
    """What Go makes in one process of templates that define none themselves; None where one of them fails."""
    defined = (f'{{{{ define "{number}" }}}}{text}{{{{ end }}}}' for number, text in enumerate(texts))
    called = (f'{{{{ template "{number}" . }}}}' for number in range(len(texts)))
    rendered = render_with_amtool("".join(defined) + _BETWEEN.join(called), folder, html=html)
    return None if rendered is None else dict(zip(texts, rendered.split(_BETWEEN), strict=True))


def render(text: str, *, html: bool = False) -> str:
    """What we make of it."""
    template = TemplateSet(FUNCTION_NAMES).parse(text, name="judged")
    return template.expand(sample_data(), notification_functions(lambda: 1_704_164_700.0), html=html)
