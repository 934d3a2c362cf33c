"""Remote write: every sample of the store to others, in order, by Prometheus' protocol 1.0 or 2.0."""
