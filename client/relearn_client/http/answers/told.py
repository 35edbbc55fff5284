"""What all answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Told(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
