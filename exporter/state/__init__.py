"""Saves what has to outlive a restart, in SQLite, behind protocols that its users declare."""
