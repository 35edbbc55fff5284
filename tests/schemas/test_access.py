"""Who may do what: the table of rights, what is kept of a key, and how its secret reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, get_args
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.access import RIGHTS, Caller, Key, Right, Role, hash_of, key_id_of, secret_of

ID = UUID("1512ce80-5104-5718-8f4f-0b0a46804fca")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = secret_of(ID, bytes(range(32)))
KEY = Key(
    id=ID,
    name="Ann Lee",
    role="reviewer",
    shops=(7, 12),
    hash=hash_of(SECRET),
    created_at=NOW,
    expires_at=NOW + timedelta(days=90),
    revoked_at=None,
)
WRITTEN: dict[str, Any] = orjson.loads(KEY.model_dump_json())


def test_every_role_has_just_these_rights() -> None:
    assert {
        "service": {"report", "search"},
        "reviewer": {"report", "search", "look", "review", "import"},
        "analyst": {"search", "look"},
        "admin": {"report", "search", "look", "review", "import", "govern"},
    } == RIGHTS
    assert RIGHTS.keys() == set(get_args(Role))


@pytest.mark.parametrize("role", get_args(Role))
def test_callers_may_what_their_role_may(role: Role) -> None:
    caller = Caller("x", ID, role, None)
    assert {right for right in get_args(Right) if caller.may(right)} == RIGHTS[role]


@pytest.mark.parametrize(
    ("shops", "seen", "only"),
    [
        (None, {1, 7, 12}, None),
        (frozenset({7}), {7}, 7),
        (frozenset({7, 12}), {7, 12}, None),
        (frozenset(), set(), None),
    ],
)
def test_callers_see_their_shops(shops: frozenset[int] | None, seen: set[int], only: int | None) -> None:
    caller = Caller("x", ID, "analyst", shops)
    assert {shop for shop in (1, 7, 12) if caller.sees(shop)} == seen
    assert caller.only_shop == only


def test_who_calls_with_a_key() -> None:
    assert KEY.caller == Caller("Ann Lee", ID, "reviewer", frozenset({7, 12}))
    assert KEY.model_copy(update={"shops": None}).caller.shops is None


@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_secret_leads_to_its_key(key_id: UUID, random: bytes) -> None:
    secret = secret_of(key_id, random)
    assert [len(secret[:7]), secret[7], len(secret[8:30]), secret[30], len(secret[31:])] == [
        7,
        "_",
        22,
        "_",
        43,
    ]
    assert "." not in secret, "it cannot be taken for a token"
    assert key_id_of(secret) == key_id
    assert hash_of(secret) == sha256(secret.encode()).hexdigest()


def test_a_secret_is_of_all_its_random_bytes() -> None:
    assert secret_of(ID, bytes(32)) != secret_of(ID, bytes(31) + b"\x01")
    with pytest.raises(ValueError, match="32 random bytes, not 31"):
        secret_of(ID, bytes(31))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relearn_",
        SECRET[:-1],
        SECRET + "A",
        SECRET + "\n",
        " " + SECRET,
        SECRET.replace("relearn", "RELEARN"),
        SECRET[:-1] + "=",
        SECRET[:-1] + "é",
        SECRET[:8] + "\u0661" + SECRET[9:],
        SECRET[:30] + "-" + SECRET[31:],
        str(ID),
    ],
)
def test_what_does_not_read_like_a_secret_leads_to_none(text: str) -> None:
    assert key_id_of(text) is None


def test_what_is_kept_is_read_again() -> None:
    assert Key.model_validate_json(KEY.model_dump_json()) == KEY
    everywhere = KEY.model_copy(update={"shops": None, "expires_at": None, "revoked_at": NOW})
    assert Key.model_validate_json(everywhere.model_dump_json()) == everywhere
    assert SECRET not in KEY.model_dump_json()


@pytest.mark.parametrize("field", WRITTEN)
def test_nothing_may_be_left_out(field: str) -> None:
    left = {name: value for name, value in WRITTEN.items() if name != field}
    with pytest.raises(ValidationError, match=field):
        Key.model_validate_json(orjson.dumps(left))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("only_on", "mondays"),
        ("id", 7),
        ("id", "7"),
        ("name", ""),
        ("name", "x" * 201),
        ("role", "boss"),
        ("role", None),
        ("shops", []),
        ("shops", [0]),
        ("shops", [2**31]),
        ("shops", ["7"]),
        ("shops", [7.0]),
        ("shops", [True]),
        ("shops", [7, 7]),
        ("shops", "*"),
        ("shops", 7),
        ("hash", SECRET),
        ("hash", "A" * 64),
        ("hash", "a" * 64 + "\n"),
        ("created_at", "2026-11-22T12:00:00"),
        ("expires_at", 1_800_000_000),
        ("expires_at", ""),
        ("revoked_at", False),
    ],
)
def test_what_says_something_else_is_no_key(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Key.model_validate_json(orjson.dumps({**WRITTEN, field: value}))


def test_a_key_is_open_until_it_expires() -> None:
    expires = KEY.expires_at
    assert expires is not None
    assert KEY.is_open(expires - timedelta(microseconds=1))
    assert not KEY.is_open(expires)
    assert KEY.model_copy(update={"expires_at": None}).is_open(NOW + timedelta(days=36_500))


def test_a_key_that_is_revoked_is_open_at_no_time() -> None:
    revoked = KEY.model_copy(update={"revoked_at": NOW + timedelta(hours=1), "expires_at": None})
    assert not any(revoked.is_open(at) for at in (NOW, NOW + timedelta(hours=2)))
