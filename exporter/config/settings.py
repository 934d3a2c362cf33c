"""The smaller sections: `global`, `alerting`, `storage`."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, WrapValidator, model_validator

from exporter.config.alertmanager.style import MessageStyle
from exporter.config.fields import (
    ByteSize,
    Duration,
    PositiveDuration,
    ReadableFile,
    RelativePath,
    Section,
    at_least,
)
from exporter.config.relabeling import RelabelSection
from exporter.config.targets import LabelMap, check_timeout
from exporter.config.web import SecretHttpUrl
from exporter.model.feature import Feature
from exporter.model.target import DEFAULT_JOB


class GlobalSection(Section):
    """What holds where nothing else is said."""

    sample_interval: PositiveDuration = Duration(15_000)
    """How often samplers run that have no interval of their own."""
    sample_timeout: PositiveDuration = Duration(5_000)
    """How long a server may take to answer, and to accept a connection; not longer than `sample_interval`
    where it is written."""
    evaluation_interval: PositiveDuration = Duration(15_000)
    """How often rules are evaluated, in groups without an interval of their own."""
    external_labels: LabelMap = Field(default_factory=dict)
    """Labels that are added to every alert that lacks them."""
    job: Annotated[str, Field(min_length=1)] = DEFAULT_JOB
    """The label `job` of all series in the daemon's own store, and so of alerts, as Prometheus adds it to
    what it scrapes; not on `/metrics`, where Prometheus adds its own."""

    enable_features: tuple[Literal["promql-delayed-name-removal"], ...] = ()
    """What Prometheus has as feature flags. `promql-delayed-name-removal`: metric names go from the results
    of queries only, not where a function changes what a value means."""

    @property
    def delayed_name_removal(self) -> bool:
        """Whether metric names go from the results of queries only."""
        return Feature.DELAYED_NAME_REMOVAL in self.enable_features

    @model_validator(mode="after")
    def _check_timeout(self) -> Self:
        if "sample_timeout" in self.model_fields_set:
            check_timeout(self.sample_timeout, self.sample_interval, "sample_interval")
        return self


class AlertingSection(Section):
    """Who is told."""

    config_file: ReadableFile | None = None
    """An alertmanager.yml, which the daemon runs itself."""
    alertmanagers: tuple[SecretHttpUrl, ...] = ()
    """URLs of Alertmanagers that each get every alert too. `/api/v2/alerts` is added to the path; user,
    password and query are sent along and shown nowhere."""
    alert_relabel_configs: tuple[RelabelSection, ...] = ()
    """How the labels of alerts are rewritten, as in Prometheus, after `global.external_labels` were added and
    before anybody is notified. `{action: labeldrop, regex: replica}` makes the alerts of two daemons one."""
    message_style: MessageStyle = "vigil"
    """Whose default texts Slack messages and mails have: `vigil` are our own, `alertmanager` are
    Alertmanager's, byte for byte. What a receiver or a file under `templates` says itself wins."""
    pictures: bool = True
    """Whether mails, and messages that a Slack app posts, have the chart of the alert with them; with
    `message_style: alertmanager` none has."""
    hold_missing: bool = True
    """Whether an alert whose server cannot be sampled is held, instead of resolved as in Prometheus."""
    smtp_auth_without_tls: bool = False
    """Whether a password is sent to a mail server over a connection that is not encrypted (PLAIN and LOGIN;
    to this machine it always is, and CRAM-MD5 shows no password). Needs `require_tls: false` there."""


def check_directory(path: Path) -> Path:
    """Raise `ValueError` unless a directory can be written to, or made where it is not there yet."""
    existing = path
    try:
        existing = next(place for place in (path, *path.absolute().parents) if _is_there(place))
        # What is not allowed, mode bits alone do not say: not to root, and not on a read-only file system.
        os.rmdir(tempfile.mkdtemp(prefix=".redis-vigil-", dir=existing))
    except NotADirectoryError:
        raise ValueError(f"{existing} is not a directory") from None
    except OSError as error:
        if error.errno in _FULL:
            return path
        reason = (error.strerror or str(error)).lower()
        what = "be written to" if existing == path else f"be made: nothing can be written to {existing}"
        raise ValueError(f"{path} cannot {what}: {reason}") from None
    return path


def _is_there(path: Path) -> bool:
    """Also a link that leads nowhere: it is in the way."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


# Room may come back; until then the daemon goes on without.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class StorageSection(Section):
    """What is kept, and where."""

    path: Annotated[RelativePath, AfterValidator(check_directory)] | None = None
    """A directory for what must survive a restart; without it nothing does."""
    retention: PositiveDuration = Duration(6 * 3_600_000)
    """How long samples are kept in memory."""
    memory_limit: Annotated[ByteSize, WrapValidator(at_least(1 << 20))] = 256 << 20
    """How much memory samples may take; near it, history is dropped, first that of series no rule needs."""
    history: Duration = Duration(30 * 86_400_000)
    """How long all samples and events are kept on disk, below `path`; `0` keeps only what rules need after a
    restart."""
    history_size: Annotated[ByteSize, WrapValidator(at_least(16 << 20))] = 4 << 30
    """How much disk the samples may take; then the oldest go."""
    downsample_after: PositiveDuration = Duration(2 * 86_400_000)
    """After how long samples on disk are thinned to one a minute; see docs/history.md for what stays."""
    events_size: Annotated[ByteSize, WrapValidator(at_least(1 << 20))] = 256 << 20
    """How much disk events may take; then the oldest of the most frequent kind go."""
