"""Rule groups evaluate their rules one after the other, for the same time."""

import asyncio
import time
from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.errors import QueryCancelledError, QueryError, StateError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.rules.alerting import AlertingRule
from exporter.rules.environment import Environment
from exporter.rules.model import AlertSpec, GroupSpec, RuleIdentity, RuleSpec, identify
from exporter.rules.output import Output
from exporter.rules.recording import RecordingRule
from exporter.rules.restore import RestorePolicy
from exporter.rules.saved import AlertKey, ChangeTracker, SavedAlert, SavedGroup, StateChange
from exporter.rules.sending import alerts_to_send
from exporter.rules.status import Health
from exporter.rules.texts import Texts

_log = get_logger(__name__)

Rule = AlertingRule | RecordingRule

# The state store and the sink answer at once; one that takes longer is broken.
_STATE_DEADLINE_SECONDS: Final = 10.0
_SINK_DEADLINE_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Member:
    """A rule with the state that the group keeps for it."""

    rule: Rule
    output: Output
    tracker: ChangeTracker


class RuleGroup:
    """The rules of one group and their state.

    Counts: `iterations_total` evaluations of the group, `missed_total` slots that were skipped.
    `evaluated_at_ms` is the time of the last evaluation (None: none yet), `evaluation_seconds` its duration.
    """

    def __init__(self, spec: GroupSpec, environment: Environment) -> None:
        self.spec = spec
        self.interval_ms = spec.interval_ms or environment.evaluation_interval_ms
        self.evaluated_at_ms: int | None = None
        self.evaluation_seconds = 0.0
        self.iterations_total = 0
        self.missed_total = 0
        self._environment = environment
        self._members = [self._member(*pair) for pair in zip(spec.rules, identify(spec.rules), strict=True)]
        self._stale_outputs: list[Output] = []
        self._dropped: list[AlertKey] = []
        self._is_saved = True
        self._resumes = False

    def _member(self, spec: RuleSpec, identity: RuleIdentity) -> _Member:
        rule: Rule
        if isinstance(spec, AlertSpec):
            rule = AlertingRule(spec, identity, interval_ms=self.interval_ms)
        else:
            rule = RecordingRule(spec, identity)
        return _Member(rule, Output(f"{self.spec.key};{identity}"), ChangeTracker(identity))

    @property
    def rules(self) -> list[Rule]:
        """The rules in order of evaluation."""
        return [member.rule for member in self._members]

    @property
    def alerting_rules(self) -> list[AlertingRule]:
        """The rules that can alert, in order of evaluation."""
        return [rule for rule in self.rules if isinstance(rule, AlertingRule)]

    async def evaluate(self, at_ms: int) -> None:
        """Evaluate all rules for this time, then save their state, then send the alerts that are due.

        A crash in between costs no alert: what was saved and not sent is sent after the restart.
        A time that is not after the last one is skipped; a clock set back by more than an interval is
        followed.
        """
        last_ms = self.evaluated_at_ms
        if last_ms is not None and last_ms - self.interval_ms < at_ms <= last_ms:
            return
        started = time.monotonic()
        self._resume(at_ms)
        for member in self._members:
            await self._evaluate(member, at_ms)
            await asyncio.sleep(0)
        self._cleanup_stale_series(at_ms)
        self.evaluated_at_ms = at_ms
        await self._save(at_ms)
        if await self._send(at_ms):
            await self._save(at_ms)
        self.iterations_total += 1
        self.evaluation_seconds = time.monotonic() - started

    def _resume(self, at_ms: int) -> None:
        if self._resumes:
            self._resumes = False
            for rule in self.alerting_rules:
                rule.resume(at_ms)

    def follow_clock(self, jumped_ms: int, moved_ms: int) -> None:
        """Follow a clock that jumped between two evaluations, while time moved on at once.

        See `exporter.clock.Leap`.
        """
        if self.evaluated_at_ms is not None:
            self.evaluated_at_ms += jumped_ms
        for rule in self.rules:
            rule.follow_clock(jumped_ms, moved_ms)
        self._resumes = True

    async def _evaluate(self, member: _Member, at_ms: int) -> None:
        """Evaluate one rule; a failure stays its own."""
        rule, offset_ms = member.rule, self.spec.query_offset_ms
        started = time.monotonic()
        samples, error, fault = 0, "", _text_fault(rule)
        try:
            values = await rule.evaluate(at_ms, self._environment, offset_ms=offset_ms, limit=self.spec.limit)
            await member.output.write(self._environment.store, values, at_ms - offset_ms)
            samples = len(values)
        except QueryCancelledError:
            # The daemon stops: the rule stays as it was, and nothing is wrong with it.
            return
        except QueryError as failure:
            error = str(failure)
        except Exception as failure:
            error = f"internal error: {failure!r}"
            _log.exception("a rule broke", group=str(self.spec.key), rule=rule.spec.name)
        if error and rule.status.health is not Health.ERROR:
            _log.warning("a rule failed", group=str(self.spec.key), rule=rule.spec.name, error=error)
        if not fault and (told := _text_fault(rule)):
            event = "a text of an alert cannot be expanded"
            _log.warning(event, group=str(self.spec.key), rule=rule.spec.name, error=told)
        rule.status.record(at_ms, time.monotonic() - started, error, samples)

    def _cleanup_stale_series(self, at_ms: int) -> None:
        """Mark the series of rules stale that a reload removed, once the new rules have written theirs.

        Source: `cleanupStaleSeries` of Prometheus' rules/group.go.
        """
        for output in self._stale_outputs:
            output.mark_stale(self._environment.store, at_ms - self.spec.query_offset_ms)
        self._stale_outputs.clear()

    async def _save(self, at_ms: int) -> None:
        change = self._changes(at_ms)
        if not (change.written or change.dropped or any(rule.active for rule in self.alerting_rules)):
            return
        try:
            async with asyncio.timeout(_STATE_DEADLINE_SECONDS):
                await self._environment.state.save(self.spec.key, change)
            self._is_saved = True
        except (StateError, TimeoutError) as error:
            self._environment.state_failures_total += 1
            if self._is_saved:
                _log.error("alert state not saved", group=str(self.spec.key), error=repr(error))
            self._is_saved = False
            self._dropped += change.dropped
            for member in self._members:
                member.tracker.reset()

    def _changes(self, at_ms: int) -> StateChange:
        written: list[SavedAlert] = []
        dropped, self._dropped = self._dropped, []
        for member in self._members:
            if isinstance(member.rule, AlertingRule):
                new, gone = member.tracker.changes(member.rule.active)
                written += new
                dropped += gone
        return StateChange(at_ms, written, dropped)

    async def _send(self, at_ms: int) -> bool:
        """Send the alerts that are due; true if there were any."""
        alerts: list[Alert] = []
        for rule in self.alerting_rules:
            alerts += alerts_to_send(
                rule.active.values(),
                at_ms,
                spec=rule.spec,
                interval_ms=self.interval_ms,
                environment=self._environment,
            )
        if not alerts:
            return False
        try:
            async with asyncio.timeout(_SINK_DEADLINE_SECONDS):
                await self._environment.sink.receive(alerts)
        except Exception:
            # They are sent again when the resend delay is over.
            self._environment.sink_failures_total += 1
            _log.exception("alerts not handed on", group=str(self.spec.key), alerts=len(alerts))
        return True

    def copy_state(self, before: "RuleGroup") -> Sequence[AlertingRule]:
        """Copy the state of the group that this one replaces, rule by rule of the same name and labels.

        Returns the rules that this one does not have. Source: `CopyState` of Prometheus' rules/group.go.
        """
        self.evaluated_at_ms = before.evaluated_at_ms
        self.evaluation_seconds = before.evaluation_seconds
        self.iterations_total = before.iterations_total
        self.missed_total = before.missed_total
        self._dropped += before._dropped
        self._stale_outputs += before._stale_outputs
        old = {(type(member.rule), member.rule.identity): member for member in before._members}
        for member in self._members:
            predecessor = old.pop((type(member.rule), member.rule.identity), None)
            if predecessor is not None:
                _copy_member_state(member, predecessor)
        self._share_alerts([member.rule for member in old.values()])
        for member in old.values():
            self._stale_outputs.append(member.output)
            self._dropped += member.tracker.changes({})[1]
        return [member.rule for member in old.values() if isinstance(member.rule, AlertingRule)]

    def _share_alerts(self, gone: Iterable[Rule]) -> None:
        """Give the alerts of variants of a rule to those that are for their labels now.

        `gone` are variants that there are no more.
        """
        variants: dict[tuple[str, Texts], list[AlertingRule]] = {}
        for rule in self.alerting_rules:
            variants.setdefault((rule.spec.name, rule.spec.label_texts), []).append(rule)
        lost = [rule for rule in gone if isinstance(rule, AlertingRule)]
        for before in (*self.alerting_rules, *lost):
            rules = variants.get((before.spec.name, before.spec.label_texts), ())
            if not any(rule.spec.condition for rule in (before, *rules)):
                continue
            for labels in list(before.active):
                now = next((rule for rule in rules if rule.spec.condition.matches(labels)), None)
                if now is not None and now is not before:
                    now.active.setdefault(labels, before.active.pop(labels))

    def adopt(self, left: MutableSequence[AlertingRule]) -> None:
        """Give new rules the alerts of rules of the same name and labels that other groups have lost.

        The first ones come first; they are taken out of `left`.
        """
        for rule in self.alerting_rules:
            if not rule.status.evaluated_at_ms:
                before = next((one for one in left if one.identity == rule.identity), None)
                if before is not None:
                    left.remove(before)
                    rule.active = before.active

    def restore(self, saved: SavedGroup, policy: RestorePolicy, now_ms: int) -> None:
        """Restore the alerts that were active before a restart.

        If the clock was ahead then, there are no samples of that time: they would lie in the future.
        """
        ahead_ms = saved.evaluated_at_ms - now_ms
        if ahead_ms > 0:
            saved = saved.shifted(-ahead_ms)
        by_rule: dict[RuleIdentity, list[SavedAlert]] = {}
        for alert in saved.alerts:
            by_rule.setdefault(alert.rule, []).append(alert)
        for member in self._members:
            rule = member.rule
            alerts = by_rule.pop(rule.identity, [])
            if isinstance(rule, AlertingRule):
                renamed = [replace(one, labels=self._environment.relabel(one.labels)) for one in alerts]
                restored = policy.restore(
                    renamed, for_ms=rule.spec.for_ms, last_seen_ms=saved.evaluated_at_ms, now_ms=now_ms
                )
                rule.active = {alert.labels: alert for alert in restored}
                rule.record_gap(ahead_ms)
            member.tracker.assume(alert.labels for alert in alerts)
        self._resumes = True
        self._dropped += [AlertKey(alert.rule, alert.labels) for left in by_rule.values() for alert in left]

    def mark_stale(self, at_ms: int) -> None:
        """Mark all series of the group stale, which is removed."""
        for output in self._outputs():
            output.mark_stale(self._environment.store, at_ms)

    def _outputs(self) -> Iterable[Output]:
        return [*self._stale_outputs, *(member.output for member in self._members)]


def _copy_member_state(member: _Member, before: _Member) -> None:
    member.output = before.output
    member.tracker = before.tracker
    member.rule.status = before.rule.status
    if isinstance(member.rule, AlertingRule) and isinstance(before.rule, AlertingRule):
        member.rule.active = before.rule.active


def _text_fault(rule: Rule) -> str:
    return rule.text_fault if isinstance(rule, AlertingRule) else ""
