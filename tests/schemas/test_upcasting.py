"""Steps follow one another up to the newest version, and only that is handed on."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from schemas.event import EventData, version_of
from schemas.upcasting import UPCASTERS, Upcaster, upcast


class SeenV1(EventData):
    TYPE: ClassVar[str] = "relearn.thing.seen.v1"
    size: str = "small"


class SeenV2(EventData):
    TYPE: ClassVar[str] = "relearn.thing.seen.v2"
    centimetres: int
    seen_by: str = "nobody"


class Seen(EventData):
    TYPE: ClassVar[str] = "relearn.thing.seen.v3"
    millimetres: int
    seen_by: str


def in_centimetres(said: dict[str, Any]) -> dict[str, Any]:
    return {"centimetres": {"small": 1, "large": 100}[said["size"]]}


def in_millimetres(said: dict[str, Any]) -> dict[str, Any]:
    return {"millimetres": 10 * said["centimetres"], "seen_by": said["seen_by"]}


STEPS = {SeenV1: Upcaster(SeenV2, in_centimetres), SeenV2: Upcaster(Seen, in_millimetres)}


def test_one_step_after_the_other_with_the_defaults_of_each_version() -> None:
    assert upcast(SeenV1(), STEPS) == Seen(millimetres=10, seen_by="nobody")
    assert upcast(SeenV2(centimetres=3, seen_by="ann"), STEPS) == Seen(millimetres=30, seen_by="ann")


def test_the_newest_is_itself() -> None:
    newest = Seen(millimetres=1, seen_by="ann")
    assert upcast(newest, STEPS) is newest


def test_a_step_that_makes_what_is_not_valid_is_an_error_of_its_own() -> None:
    with pytest.raises(ValidationError, match="centimetres"):
        upcast(SeenV1(), {SeenV1: Upcaster(SeenV2, lambda said: {"centimetres": said["size"]})})


@pytest.mark.parametrize("old", UPCASTERS)
def test_a_step_leads_to_the_next_version_of_the_same_type(old: type[EventData]) -> None:
    stem, version = version_of(old.TYPE)
    assert version_of(UPCASTERS[old].into.TYPE) == (stem, version + 1)
