"""Discovery of servers."""
