"""The sentence above the list of alerts: whether somebody is needed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.web.pages.alerts.reasons import Reason
from exporter.web.pages.alerts.subjects import FIRING, PENDING, Subject
from exporter.web.pages.moments import moment_text


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence, what stands below it, and the sign and the tone of it."""

    sign: str
    sentence: str
    details: str


def judge(told: Sequence[tuple[Subject, Sequence[Reason]]], now: float) -> Verdict:
    """Sum up alerts with the reasons why nobody is told of them; those that always fire do not count."""
    counted = [(subject, reasons) for subject, reasons in told if not subject.is_watchdog]
    loud = [subject for subject, reasons in counted if subject.state == FIRING and not reasons]
    quiet = Counter(reasons[0].kind for subject, reasons in counted if subject.state == FIRING and reasons)
    pending = sum(subject.state == PENDING for subject, _ in counted)
    counts = [f"{pending:,} pending"] if pending else []
    counts += [f"{count:,} {kind}" for kind, count in quiet.items()]
    details = f"{', '.join(counts)}." if counts else ""
    if not loud:
        sentence = "Nothing fires that anybody is told of" if quiet else "Nothing fires"
        return Verdict("pending" if pending else "ok", sentence, details or "Nothing is pending either.")
    critical = sum(subject.tone == "critical" for subject in loud)
    fire = "1 alert fires" if len(loud) == 1 else f"{len(loud):,} alerts fire"
    if critical:
        fire += ", and is critical" if len(loud) == 1 else f", {critical:,} of them critical"
    oldest = moment_text(min(subject.since for subject in loud), now)
    since = f"Since {oldest}." if len(loud) == 1 else f"The oldest since {oldest}."
    worst = min(loud, key=lambda subject: subject.order)
    return Verdict(worst.tone, fire, f"{details} {since}".strip())
