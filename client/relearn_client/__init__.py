"""The small library that services and orchestrators install to tell relearn what happens."""

from relearn_client.capture import TelemetryCapture
from relearn_client.client import Client, NotStarted
from relearn_client.observed import ObservedTask

__all__ = ["Client", "NotStarted", "ObservedTask", "TelemetryCapture"]
