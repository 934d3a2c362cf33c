"""`redis-vigil export`: samples as text, for other databases."""
