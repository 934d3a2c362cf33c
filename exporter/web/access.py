"""Access control follows `web` in config.yml and its `web-config.yml` while the daemon runs.

The file and the certificates that it names are taken up as soon as they change, without a reload, as
exporter-toolkit does: it reads them at every request and every handshake. Here they are only read when they
have changed. Source: https://github.com/prometheus/exporter-toolkit/blob/master/web/tls_config.go.
"""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.config.web import WebSection
from exporter.config.web_config import TlsServerConfig, WebConfig, load_web_config
from exporter.errors import ConfigError, Problem
from exporter.log import get_logger
from exporter.model.file_stamp import FileStamp, stamp_of
from exporter.timing.job import Job, every
from exporter.web.auth import server_tls

# A file without any user that has just been written may be one that is still being written.
_SETTLED_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 30.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """One state of the files. `context` is the server's side of TLS, None for plain HTTP."""

    section: WebSection
    config: WebConfig
    context: ssl.SSLContext | None
    stamps: tuple[FileStamp, ...]

    @property
    def clients(self) -> object:
        """The requirements on certificates of clients."""
        tls = self.config.tls_server_config
        return tls and (tls.client_auth_type, tls.client_ca_file, self.stamps[-1])


def read_access(section: WebSection) -> Access:
    """Read the files that a section names.

    Raises `ConfigError`, also where a certificate or key cannot be used.
    """
    file = section.config_file
    before = stamp_of(file)
    config = load_web_config(file) if file else WebConfig()
    # Their stamps are older than their content at worst: then they are read once more.
    stamps = (before, *_stamps(config.tls_server_config))
    tls = config.tls_server_config
    return Access(section, config, server_tls(tls, str(file)) if tls else None, stamps)


class CurrentAccess:
    """The state in force; `look` takes up what has changed, `apply` what a reload has read.

    What cannot be read costs one line in the log: the former state goes on, and `is_current` is false.
    `is_reloading`: a reload is about to read them, and says itself what is wrong.
    Whether TLS is spoken at all stays as it was at the beginning. `version` moves with every change.
    `on_clients` is called when certificates of clients are checked in another way than before.
    """

    def __init__(self, access: Access) -> None:
        self.now = access
        self.version = 0
        self.is_current = True
        self.is_reloading = False
        self.on_clients: Callable[[], None] = lambda: None
        self._speaks_tls = access.context is not None
        self._wants_tls = self._speaks_tls
        self._seen = access.stamps

    @property
    def restart_needed(self) -> bool:
        """Whether TLS is to be spoken that is not, or no longer: that takes a restart."""
        return self._wants_tls != self._speaks_tls

    @property
    def context(self) -> ssl.SSLContext | None:
        """For a listening socket: hands every connection the context of its moment."""
        return _FollowingContext(self._current_context) if self._speaks_tls else None

    def _current_context(self) -> ssl.SSLContext:
        self.look()
        assert self.now.context is not None
        return self.now.context

    @property
    def job(self) -> Job:
        """A look at the files, also while nobody makes a request: a broken one is told of soon."""
        return Job("web_config", self._refresh, every(_LOOK_SECONDS), _LOOK_SECONDS)

    async def _refresh(self) -> None:
        self.look()

    def look(self, *, is_silent: bool = False) -> None:
        """Take up files that have changed; costs a few stat calls where none has.

        `is_silent`: somebody else is about to read the files, and to say what is wrong with them.
        """
        file = self.now.section.config_file
        if file is None:
            return
        stamps = (stamp_of(file), *_stamps(self.now.config.tls_server_config))
        if stamps == self._seen:
            return
        try:
            access = read_access(self.now.section)
        except ConfigError as error:
            if is_silent or self.is_reloading:
                return
            self._seen, self.is_current = stamps, False
            _log.error("a changed web configuration cannot be used, the former one goes on", error=error)
            return
        if self._may_be_half_written(access):
            return
        self.apply(access)
        _log.info("the web configuration has changed, it holds from now on", file=str(file))

    def note_refused(self, problems: Iterable[Problem]) -> None:
        """A reload has said what is wrong; where that is in these files, it need not be said again."""
        file = self.now.section.config_file
        if str(file) in {problem.file for problem in problems}:
            self._seen = (stamp_of(file), *_stamps(self.now.config.tls_server_config))
            self.is_current = False

    def _may_be_half_written(self, access: Access) -> bool:
        """Whether everybody would be let in by a file that somebody may be writing at this moment."""
        opens = bool(self.now.config.basic_auth_users) and not access.config.basic_auth_users
        stamp = access.stamps[0]
        return opens and (stamp is None or abs(time.time() - stamp[0] / 1e9) < _SETTLED_SECONDS)

    def apply(self, access: Access) -> None:
        """Go over to another state."""
        clients = self.now.clients
        if self.now.config.basic_auth_users and not access.config.basic_auth_users:
            _log.warning("nobody needs a password any more: no basic_auth_users in web.config_file")
        self._wants_tls, self.is_current = access.context is not None, True
        self.now = access if not self.restart_needed else self._as_before(access)
        self._seen = self.now.stamps
        self.version += 1
        if self.now.clients != clients:
            self.on_clients()

    def _as_before(self, access: Access) -> Access:
        """The same with the TLS that is spoken, or not."""
        tls, context = self.now.config.tls_server_config, self.now.context
        config = access.config.model_copy(update={"tls_server_config": tls})
        return replace(access, config=config, context=context, stamps=(access.stamps[0], *_stamps(tls)))


class _FollowingContext(ssl.SSLContext):
    """A context that has others do the work: event loops make one object per connection with it."""

    _current: Callable[[], ssl.SSLContext]

    def __new__(cls, current: Callable[[], ssl.SSLContext]) -> "_FollowingContext":
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self._current = current
        return self

    def __init__(self, current: Callable[[], ssl.SSLContext]) -> None:
        """All is done."""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return self._current().wrap_bio(*args, **options)


def _stamps(tls: TlsServerConfig | None) -> Iterator[FileStamp]:
    """Of the files that TLS takes; that of the authority of clients comes last."""
    for path in (tls.cert_file, tls.key_file, tls.client_ca_file) if tls else ():
        yield stamp_of(path)
