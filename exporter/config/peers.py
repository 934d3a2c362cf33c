"""`peers`: other daemons, whose findings and servers are shown here too."""

from urllib.parse import urlsplit

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.fields import Duration, PositiveDuration
from exporter.config.validation import PlacedError
from exporter.config.web import SecretHttpUrl
from exporter.errors import Problem


class PeerSection(HttpConfig):
    """Another daemon, which is asked for its `/health`; nothing is changed there."""

    url: SecretHttpUrl
    """Where it is, without `/health`; user, password and query are shown nowhere."""
    name: str = ""
    """What it is called here, and the value of the label `peer`; host and port of `url` where it is not
    given."""
    refresh_interval: PositiveDuration = Duration(15_000)
    """How often it is asked."""
    timeout: PositiveDuration = Duration(2_000)
    """How long it may take to answer."""

    @property
    def shown_name(self) -> str:
        """What it is called."""
        return self.name or urlsplit(self.url.shown).netloc


def check_peers(sections: tuple[PeerSection, ...]) -> tuple[PeerSection, ...]:
    """The peers; two that have one name are refused."""
    seen: dict[str, int] = {}
    problems = []
    for index, section in enumerate(sections):
        first = seen.setdefault(section.shown_name, index)
        if first != index:
            place = (index, "name" if section.name else "url")
            problems.append(
                Problem(
                    place, f'"{section.shown_name}" is peers[{first}] already: give each a name of its own'
                )
            )
    if problems:
        raise PlacedError(problems)
    return sections
