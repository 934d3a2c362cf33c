"""Pictures of alerts in messages: the chart of the alert's page as PNG, drawn in time or not at all."""

from exporter.alert_pictures.metrics import PictureMetrics
from exporter.alert_pictures.pictures import RulePictures
from exporter.alert_pictures.sample import SamplePictures

__all__ = ["PictureMetrics", "RulePictures", "SamplePictures"]
