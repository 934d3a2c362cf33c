"""Documentation of the Helm chart, made from the comments of its values."""
