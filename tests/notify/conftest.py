"""The fixtures of notify's tests."""

from tests.notify.served import api, served
from tests.notify.stage import handsets, lanes, stage, stage_urls

__all__ = ["api", "handsets", "lanes", "served", "stage", "stage_urls"]
