"""Files that users write: YAML with positions, pydantic models."""
