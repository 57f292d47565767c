"""A clock for tests that stands still until it is told to go on."""
from ._clock import Clock

__all__ = ["Clock"]
