"""The parts of an executable plan, by kind of node."""
