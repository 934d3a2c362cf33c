"""A server as it is after relabelling, which may have changed its address, its name and its labels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from exporter.config.url import parse_server_url
from exporter.config.url_problems import check_host
from exporter.discovery.listing import without_surrogates
from exporter.errors import DiscoveryError, Reason
from exporter.model.labels import Labels
from exporter.model.printable import printable
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL, Address, Target
from exporter.url_login import without_login

# Labels whose names begin so are for relabelling only.
_META_PREFIX: Final = "__"

_MAX_LABELS: Final = 64
_MAX_CHARACTERS: Final = 4_096
_MAX_SHOWN: Final = 128
_ADDRESS: Final = "__address__"
_SCHEME: Final = "__scheme__"


def address_labels(address: Address) -> dict[str, str]:
    """The labels by which relabelling knows, and changes, where a server is."""
    return {
        _ADDRESS: str(address) if address.path else address.instance,
        _SCHEME: "rediss" if address.tls else "redis",
    }


def rewritten(before: Target, labels: Mapping[str, str]) -> Target:
    """Return a server with the labels that relabelling has left.

    Raises `DiscoveryError` for labels that no series can carry, and for an address that is none.
    """
    address = _address(labels, before.address)
    kept = {
        name: without_surrogates(value) for name, value in labels.items() if not name.startswith(_META_PREFIX)
    }
    if kept.get(JOB_LABEL) == before.job:
        # Nobody has given it another: it is not to be on `/metrics`.
        del kept[JOB_LABEL]
    _check(kept, address)
    # They stand on every page and in every message, where the password of a URL must not.
    kept = {name: without_login(value) for name, value in kept.items()}
    instance = kept.pop(INSTANCE_LABEL, "") or address.instance
    return replace(before, instance=instance, address=address, labels=Labels(kept))


def _check(labels: Mapping[str, str], address: Address) -> None:
    """Every series carries these, on every page; and what is announced as a host may be anything."""
    if not address.path:
        try:
            check_host(address.host)
        except ValueError as error:
            raise DiscoveryError(f"{_shown(address)} {error}", Reason.PROTOCOL) from None
    if len(labels) > _MAX_LABELS:
        raise DiscoveryError(f"{_shown(address)} has more than {_MAX_LABELS} labels", Reason.PROTOCOL)
    if sum(len(name) + len(value) for name, value in labels.items()) > _MAX_CHARACTERS:
        message = f"the labels of {_shown(address)} have more than {_MAX_CHARACTERS:,} characters"
        raise DiscoveryError(message, Reason.PROTOCOL)


def _shown(address: Address) -> str:
    return printable(str(address)[:_MAX_SHOWN])


def _address(labels: Mapping[str, str], before: Address) -> Address:
    """Return the address of a server after relabelling, which may have changed it."""
    text, scheme = labels.get(_ADDRESS, ""), labels.get(_SCHEME, "")
    if not text or before.path or (text == before.instance and (scheme == "rediss") == before.tls):
        return before
    try:
        url = parse_server_url(text if "://" in text else f"{scheme or 'redis'}://{text}")
    except ValueError as error:
        made = without_login(text[:_MAX_CHARACTERS])[:_MAX_SHOWN]
        raise DiscoveryError(f'relabel_configs made "{made}" of {before}: it {error}') from None
    return replace(url.address, database=url.address.database or before.database)
