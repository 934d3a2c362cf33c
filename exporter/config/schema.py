"""The JSON schema of `config.yml`, for editors and for the reference in the documentation."""

from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from exporter.config.fields import Duration
from exporter.config.main import Config


class _Schema(GenerateJsonSchema):
    """pydantic's generator; defaults stand there as users write them."""

    def encode_default(self, dft: Any) -> Any:
        return str(dft) if isinstance(dft, Duration | Path) else super().encode_default(dft)


def config_schema() -> dict[str, Any]:
    """The JSON schema of config.yml."""
    return {
        **Config.model_json_schema(by_alias=True, schema_generator=_Schema),
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "redis-vigil configuration",
    }
