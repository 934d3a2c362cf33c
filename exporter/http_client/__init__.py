"""HTTP requests to others: to receivers of messages, for tokens, to lists of servers.

Whoever answers is not trusted: names are looked up in threads that nobody else waits for, what arrives and
what it unpacks to is bounded, and a redirect to somebody else takes no secrets along.
"""
