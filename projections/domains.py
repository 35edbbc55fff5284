"""The projection of every domain."""

from __future__ import annotations

from collections.abc import Mapping

from projections.executions.projection import PROJECTION as EXECUTIONS
from projections.learning.projection import PROJECTION as LEARNING
from projections.projection import Projection

PROJECTIONS: Mapping[str, Projection] = {each.name: each for each in (LEARNING, EXECUTIONS)}
