"""Rules as their owner wants them: other thresholds, times and labels, for all series or for some."""

from exporter.rules.tailoring.tailor import place_of, tailor
from exporter.rules.tailoring.thresholds import Threshold, Thresholds, thresholds_of

__all__ = ["Threshold", "Thresholds", "place_of", "tailor", "thresholds_of"]
