"""Models of alertmanager.yml."""
