"""Header Authorization: user and password, a token, or a token that is requested first (OAuth 2)."""

import base64
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, urlencode

from exporter.config.alertmanager.http import HttpConfig, OAuth2
from exporter.errors import NotifyError
from exporter.http_client.transport import Answer
from exporter.notify.refusals import refusal
from exporter.notify.secrets import reveal
from exporter.notify.transport import ReceiverTransport

_EARLY_SECONDS: Final = 10.0
_DEFAULT_LIFETIME_SECONDS: Final = 300.0
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "text/plain"})
_MOST_FIELDS: Final = 100
_ERROR_CODE: Final = re.compile(r"[a-z_]{1,64}")


class Authorizer:
    """Makes the header of one `http_config`; files are read each time."""

    def __init__(self, config: HttpConfig, name: str, timeout_seconds: float) -> None:
        self._config = config
        self._tokens = OAuthTokens(config.oauth2, name, timeout_seconds) if config.oauth2 else None

    async def headers(self) -> dict[str, str]:
        """Return the headers that authorize a request; raises `NotifyError`."""
        value = await self._value()
        return {"Authorization": value} if value else {}

    def invalidate_token(self) -> None:
        """Drop a token that was refused before it expired; the next request gets another one."""
        if self._tokens is not None:
            self._tokens.invalidate()

    async def _value(self) -> str:
        config = self._config
        if (basic := config.basic_auth) is not None:
            user = basic.username or reveal(None, basic.username_file)
            return _basic(user, reveal(basic.password, basic.password_file))
        if (own := config.authorization) is not None:
            credentials = reveal(own.credentials, own.credentials_file)
            return f"{own.type or 'Bearer'} {credentials}" if credentials else ""
        if self._tokens is not None:
            return f"Bearer {await self._tokens.get()}"
        token = reveal(config.bearer_token, config.bearer_token_file)
        return f"Bearer {token}" if token else ""


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class OAuthTokens:
    """The client credentials grant (RFC 6749, 4.4): a token is used until shortly before it expires."""

    def __init__(self, config: OAuth2, name: str, timeout_seconds: float) -> None:
        self._config = config
        http_config = HttpConfig(
            tls_config=config.tls_config,
            proxy_url=config.proxy_url,
            no_proxy=config.no_proxy,
            proxy_from_environment=config.proxy_from_environment,
        )
        # The request contains secrets: it does not follow a redirect to another server.
        self._transport = ReceiverTransport(
            http_config, f"{name}: OAuth 2", timeout_seconds, keeps_body=False
        )
        self._token = ""
        self._good_until = 0.0

    async def get(self) -> str:
        """Return a token; raises `NotifyError`."""
        if time.monotonic() >= self._good_until:
            self._token, lifetime = await self._ask()
            self._good_until = time.monotonic() + max(0.0, lifetime - _EARLY_SECONDS)
        return self._token

    def invalidate(self) -> None:
        """Drop the token."""
        self._good_until = 0.0

    async def _ask(self) -> tuple[str, float]:
        """Request a token; return it and the seconds until it expires."""
        config = self._config
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        secret = reveal(config.client_secret, config.client_secret_file)
        headers = {
            "Authorization": _basic(quote_plus(config.client_id), quote_plus(secret)),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        answer = await self._transport.post(config.token_url, urlencode(form).encode(), headers)
        return _parse_token(answer)


def _parse_token(answer: Answer) -> tuple[str, float]:
    """Return the token and its lifetime, from JSON or a form.

    A token is a text; a lifetime that is none is an error, one that is not said the default.
    Source: golang.org/x/oauth2, internal/token.go.
    """
    data = _fields_of(answer)
    token = data.get("access_token")
    if not 200 <= answer.status < 300 or data.get("error") or not isinstance(token, str) or not token:
        raise _no_token(answer, data)
    lifetime = data.get("expires_in")
    try:
        seconds = _DEFAULT_LIFETIME_SECONDS if lifetime is None else float(lifetime)
    except (ValueError, TypeError, OverflowError):
        raise _no_token(answer, data, "expires_in is no number") from None
    return token, seconds if math.isfinite(seconds) else _DEFAULT_LIFETIME_SECONDS


def _fields_of(answer: Answer) -> Mapping[str, Any]:
    """What an answer says; nothing where it is neither JSON nor a form."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind in _FORMS and not answer.body.lstrip().startswith(b"{"):
            return dict(parse_qsl(answer.body.decode(), max_num_fields=_MOST_FIELDS))
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _no_token(answer: Answer, data: Mapping[str, Any], why: str = "") -> NotifyError:
    """The error, with the code that RFC 6749 (5.2) has for it, of which no secret can be made."""
    code = data.get("error")
    if isinstance(code, str) and _ERROR_CODE.fullmatch(code):
        why = code
    elif not why and 200 <= answer.status < 300:
        why = "the answer holds no access_token"
    text = f"{answer.host}: no OAuth 2 token: status code {answer.status}"
    is_retryable = answer.status >= 500 or answer.status == 429
    return refusal(f"{text}: {why}" if why else text, answer, time.time(), is_retryable=is_retryable)
