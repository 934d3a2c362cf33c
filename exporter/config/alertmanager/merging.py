"""What receivers take over from `global`.

Source of the rules: `Load` in config/config.go of Alertmanager.
"""

from collections.abc import Iterator, Sequence

from exporter.config.alertmanager.email import EmailConfig
from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.http import HttpConfig
from exporter.config.alertmanager.not_sent import NotSentConfig
from exporter.config.alertmanager.receivers import Receiver, WebhookConfig
from exporter.config.alertmanager.slack import SlackConfig
from exporter.config.validation import Fault


def with_globals(receiver: Receiver, defaults: Global) -> Receiver:
    """The receiver with everything filled in that it does not say itself."""
    return receiver.model_copy(
        update={
            "slack_configs": tuple(_merge_slack(config, defaults) for config in receiver.slack_configs),
            "email_configs": tuple(_merge_email(config, defaults) for config in receiver.email_configs),
            "webhook_configs": tuple(_merge_webhook(config, defaults) for config in receiver.webhook_configs),
        }
    )


def find_incomplete(receivers: Sequence[Receiver], defaults: Global) -> Iterator[Fault]:
    """What neither a receiver nor `global` says, and what does not go together once both have spoken."""
    for index, receiver in enumerate(receivers):
        merged = with_globals(receiver, defaults)
        for number, slack in enumerate(merged.slack_configs):
            yield from _slack_faults(slack, ("receivers", index, "slack_configs", number))
        for number, email in enumerate(merged.email_configs):
            yield from _email_faults(email, ("receivers", index, "email_configs", number))
        for kind, number, entry in receiver.not_sent:
            yield from _missing(entry, ("receivers", index, f"{kind}_configs", number), defaults)


def _missing(config: NotSentConfig, place: tuple[str | int, ...], defaults: Global) -> Iterator[Fault]:
    """What neither an entry that is not sent to nor `global` says."""
    for group in config.needs:
        if not any(getattr(config, own) or getattr(defaults, shared) for own, shared in group.items()):
            yield Fault(place, f"write {' or '.join(group)} here, or {' or '.join(group.values())} in global")


def _merge_webhook(config: WebhookConfig, defaults: Global) -> WebhookConfig:
    return config.model_copy(update={"http_config": _http(config.http_config, defaults)})


def _http(own: HttpConfig | None, defaults: Global) -> HttpConfig:
    return defaults.http_config if own is None else own


def _merge_slack(config: SlackConfig, defaults: Global) -> SlackConfig:
    update: dict[str, object] = {
        "http_config": _http(config.http_config, defaults),
        "app_url": config.app_url or defaults.slack_app_url,
    }
    has_own = config.api_url or config.api_url_file or config.app_token or config.app_token_file
    authorized = config.http_config is not None and config.http_config.authorization is not None
    if not has_own and not authorized and (defaults.slack_app_token or defaults.slack_app_token_file):
        update |= {"app_token": defaults.slack_app_token, "app_token_file": defaults.slack_app_token_file}
    elif not has_own:
        update |= {"api_url": defaults.slack_api_url, "api_url_file": defaults.slack_api_url_file}
    return config.model_copy(update=update)


def _slack_faults(config: SlackConfig, place: tuple[str | int, ...]) -> Iterator[Fault]:
    if not (config.api_url or config.api_url_file or config.app_token or config.app_token_file):
        yield Fault(
            place,
            "there is no address: write api_url or app_token here, "
            "or slack_api_url or slack_app_token in global",
        )
    elif config.update_message and not config.posts_as_app:
        yield Fault(
            (*place, "update_message"),
            "needs a Slack app (app_token, or an api_url that ends with /chat.postMessage): "
            "messages of an incoming webhook cannot be changed",
        )


_SMTP_FIELDS = ("from_", "hello", "smarthost", "auth_username", "auth_identity")
_SMTP_DEFAULTS = ("require_tls", "tls_config", "force_implicit_tls")
_SMTP_SECRETS = ("auth_password", "auth_secret")


def _merge_email(config: EmailConfig, defaults: Global) -> EmailConfig:
    update: dict[str, object] = {}
    for name in _SMTP_FIELDS:
        update[name] = getattr(config, name) or getattr(defaults, f"smtp_{name.rstrip('_')}")
    for name in _SMTP_DEFAULTS:
        own = getattr(config, name)
        update[name] = getattr(defaults, f"smtp_{name}") if own is None else own
    for name in _SMTP_SECRETS:
        if not getattr(config, name) and not getattr(config, f"{name}_file"):
            update[name] = getattr(defaults, f"smtp_{name}")
            update[f"{name}_file"] = getattr(defaults, f"smtp_{name}_file")
    return config.model_copy(update=update)


def _email_faults(config: EmailConfig, place: tuple[str | int, ...]) -> Iterator[Fault]:
    if not config.smarthost:
        yield Fault(place, "there is no mail server: write smarthost here, or smtp_smarthost in global")
    if not config.from_:
        yield Fault(place, "there is no sender: write from here, or smtp_from in global")
