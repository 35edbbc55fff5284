"""Vectors as they travel: base64 of little-endian float32, at the model's own width."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""One embedding: shape (width,), float32, L2-normalised."""


def to_text(vector: Vector) -> str:
    """The vector as base64."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def from_text(text: str) -> Vector:
    """The vector in this base64.

    Raises:
        ValueError: if it is not base64 of whole float32 numbers.
    """
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
    except binascii.Error as error:
        raise ValueError(f"not a vector: {error}") from error
