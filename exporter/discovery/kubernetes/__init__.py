"""Servers that the API server of a Kubernetes cluster knows of."""
