"""A domain's topics on the real broker."""

from __future__ import annotations

import pytest

from runtime import kafka
from runtime.settings import Settings
from schemas.topics import LEARNING


@pytest.fixture
async def topics(kafka_settings: Settings) -> Settings:
    """The broker, with empty topics of learning that are this test's alone."""
    await kafka.create_topics(kafka_settings, LEARNING)
    return kafka_settings
