"""Other daemons: what they say in `/health`, asked in the background and shown beside one's own.

A peer is not trusted: what it says is bounded, read leniently, and never asked for again by others (peers of
peers are left out). Whatever is wrong with its answer costs only itself.
"""
