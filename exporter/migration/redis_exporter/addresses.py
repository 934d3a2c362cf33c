"""Addresses as redis_exporter takes them: also without a scheme, and with a lone user that is a password."""

from exporter.config.url import ServerUrl, parse_server_url
from exporter.errors import UsageError
from exporter.model.secret import Secret


def parse_address(text: str, origin: str, *, lone_user: bool = False) -> ServerUrl:
    """The server of an address; raises `UsageError`.

    What stands alone before an @ is a password, as for redis-cli: its library takes it so. In a password file
    it is the user (`lone_user`).
    """
    # Its library dials what it does not know as a network and an address.
    text = f"redis://{text.removeprefix('tcp://')}" if text.startswith("tcp://") else text
    try:
        url = parse_server_url(text)
    except ValueError as error:
        raise UsageError(f"{origin} {error}") from None
    authority = text.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if url.username and ":" not in authority and not lone_user:
        return ServerUrl(url.address, "", Secret(url.username), url.names_database)
    return url
