"""Ids that follow from what they name: the same input always makes the same id."""

from __future__ import annotations

from uuid import UUID, uuid5

NAMESPACE = UUID("5d3a5be0-6f0e-5c62-9d3e-1f6a0a4f7c11")


def identity(shop_id: int, input_id: UUID, role: str, entity: object = "") -> UUID:
    """The id of what this input of this shop makes in this role (of this entity)."""
    return uuid5(NAMESPACE, f"{shop_id}/{input_id}/{role}/{entity}")


def identity_at(issuer: str, subject: str) -> UUID:
    """The id of somebody whom an issuer of tokens knows by this subject. An issuer's address has no space."""
    return uuid5(NAMESPACE, f"{issuer} {subject}")
