"""Who may do what in which shops: roles and their rights, callers, and the keys by which they are known."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.fields import Id, Instant, Name, ShopId

Role = Literal["service", "reviewer", "analyst", "admin"]
Right = Literal["report", "search", "look", "review", "import", "govern"]
"""`report`: append what happened. `search`: ask the knowledge base. `look`: read queue, metrics and audit. `review`:
decide items and change knowledge. `import`: bring in knowledge. `govern`: what concerns everybody, as policies.
"""

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "service": frozenset({"report", "search"}),
    "reviewer": frozenset({"report", "search", "look", "review", "import"}),
    "analyst": frozenset({"search", "look"}),
    "admin": frozenset(get_args(Right)),
}

SECRET_BYTES = 32
"""Random bytes in a secret: so many that nobody can try them all, and so a plain SHA-256 keeps it; what makes
hashing slow protects words that people choose.
"""

SECRET = re.compile(r"relearn_([A-Za-z0-9_-]{22})_[A-Za-z0-9_-]{43}", re.ASCII)
"""How a secret reads: the key's id and the random bytes, both URL-safe base64 without padding."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has shown who they are."""

    name: str
    reviewer_id: UUID
    """Under which what they decide is recorded."""
    role: Role
    shops: frozenset[int] | None
    """None: all shops."""

    def may(self, right: Right) -> bool:
        """Whether their role has this right."""
        return right in RIGHTS[self.role]

    def sees(self, shop_id: int) -> bool:
        """Whether this shop is one of theirs."""
        return self.shops is None or shop_id in self.shops

    @property
    def only_shop(self) -> int | None:
        """Their shop, where they have exactly one: it goes without saying."""
        return next(iter(self.shops)) if self.shops is not None and len(self.shops) == 1 else None


def _each_once(shops: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(shops)) != len(shops):
        raise ValueError("names a shop twice")
    return shops


Shops = Annotated[tuple[ShopId, ...], Field(min_length=1), AfterValidator(_each_once)]


class Key(BaseModel):
    """What is kept of an access key: never its secret.

    Nothing may be left out and nothing unknown may be added: either could be a limit that is not seen then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Id
    """The `reviewer_id` of what is decided with it."""
    name: Name
    role: Role
    shops: Shops | None
    """None: all shops."""
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the secret, hexadecimal."""
    created_at: Instant
    expires_at: Instant | None
    """From then on it opens nothing."""
    revoked_at: Instant | None
    """Whenever that is, it opens nothing."""

    def is_open(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        """Who calls with it."""
        shops = None if self.shops is None else frozenset(self.shops)
        return Caller(self.name, self.id, self.role, shops)


def secret_of(key_id: UUID, random: bytes) -> str:
    """The secret of the key with this id.

    Raises:
        ValueError: unless there are 32 random bytes.
    """
    if len(random) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} random bytes, not {len(random)}")
    return f"relearn_{_base64(key_id.bytes)}_{_base64(random)}"


def key_id_of(secret: str) -> UUID | None:
    """The id of the key whose secret this would be; None if it does not read like one."""
    found = SECRET.fullmatch(secret)
    return UUID(bytes=urlsafe_b64decode(found[1] + "==")) if found else None


def hash_of(secret: str) -> str:
    """What a key keeps of its secret."""
    return sha256(secret.encode()).hexdigest()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
