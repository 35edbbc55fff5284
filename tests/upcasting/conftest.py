"""Empty tables to show a log in."""

from __future__ import annotations

from tests.projections.conftest import new_pool, pool, writer

__all__ = ["new_pool", "pool", "writer"]
