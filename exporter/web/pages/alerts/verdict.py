"""The sentence above the list of alerts: whether somebody is needed."""

import math
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


class Judge:
    """Sums up alerts with the reasons why nobody is told of them; those that always fire do not count."""

    def __init__(self) -> None:
        self._quiet: Counter[str] = Counter()
        self._pending = self._loud = self._critical = 0
        self._oldest = math.inf
        self._worst: tuple[object, ...] = ()
        self._tone = "ok"

    def add(self, subject: Subject, reasons: Sequence[Reason]) -> None:
        """One more alert."""
        if subject.is_watchdog:
            return
        if subject.state == PENDING:
            self._pending += 1
        elif subject.state == FIRING and reasons:
            self._quiet[reasons[0].kind] += 1
        elif subject.state == FIRING:
            self._add_loud(subject)

    def verdict(self, now: float) -> Verdict:
        """The sentence about all of them."""
        counts = [f"{self._pending:,} pending"] if self._pending else []
        counts += [f"{count:,} {kind}" for kind, count in self._quiet.items()]
        details = f"{', '.join(counts)}." if counts else ""
        if not self._loud:
            sentence = "Nothing fires that anybody is told of" if self._quiet else "Nothing fires"
            sign = "pending" if self._pending else "ok"
            return Verdict(sign, sentence, details or "Nothing is pending either.")
        is_one, oldest = self._loud == 1, moment_text(self._oldest, now)
        fire = "1 alert fires" if is_one else f"{self._loud:,} alerts fire"
        if self._critical:
            fire += ", and is critical" if is_one else f", {self._critical:,} of them critical"
        since = f"Since {oldest}." if is_one else f"The oldest since {oldest}."
        return Verdict(self._tone, fire, f"{details} {since}".strip())

    def _add_loud(self, subject: Subject) -> None:
        order = subject.order
        if not self._loud or order < self._worst:
            self._worst, self._tone = order, subject.tone
        self._loud += 1
        self._critical += subject.tone == "critical"
        self._oldest = min(self._oldest, subject.since)
