"""Proxies are chosen per request.

Source of `no_proxy`: golang.org/x/net/http/httpproxy.
"""

import ipaddress
import ssl
import urllib.request
from typing import Final

import httpx

from exporter.config.alertmanager.http import HttpConfig

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def proxy_for(config: HttpConfig, url: str, context: ssl.SSLContext | None = None) -> httpx.Proxy | None:
    """Return the proxy for a URL; None for a direct connection.

    A proxy that speaks TLS is checked with `context`, as by Go's client. Raises `ValueError` for an invalid
    proxy URL.
    """
    target = httpx.URL(url)
    if config.proxy_from_environment:
        address = _from_environment(target)
    elif config.proxy_url and not is_excepted(target.host, target.port, config.no_proxy, target.scheme):
        address = config.proxy_url
    else:
        address = ""
    if not address:
        return None
    headers = [
        (name, value.reveal()) for name, values in config.proxy_connect_header.items() for value in values
    ]
    try:
        proxy = httpx.Proxy(address, headers=headers)
        proxy.ssl_context = context if proxy.url.scheme == "https" else None
        return proxy
    except (httpx.InvalidURL, ValueError):
        # The address may hold a password.
        raise ValueError("invalid proxy URL") from None


def _from_environment(target: httpx.URL) -> str:
    if urllib.request.proxy_bypass(target.host):
        return ""
    return urllib.request.getproxies().get(target.scheme, "")


def is_excepted(host: str, port: int | None, exceptions: str, scheme: str = "http") -> bool:
    """Whether a comma-separated list of hosts, domains, addresses and networks names this host."""
    port = port or _DEFAULT_PORTS.get(scheme, 0)
    return any(
        _names(item.strip().lower(), host.lower(), port) for item in exceptions.split(",") if item.strip()
    )


def _names(item: str, host: str, port: int) -> bool:
    if item == "*":
        return True
    name, colon, wanted_port = item.rpartition(":")
    if colon and wanted_port.isdigit() and ":" not in name.strip("[]"):
        if int(wanted_port) != port:
            return False
        item = name
    try:
        return ipaddress.ip_address(host.strip("[]")) in ipaddress.ip_network(item.strip("[]"), strict=False)
    except ValueError:
        domain = item.removeprefix("*").removeprefix(".")
        return host.endswith("." + domain) or (host == domain and not item.startswith((".", "*")))
