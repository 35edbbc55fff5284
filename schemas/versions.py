"""Whether all versions of all types are there, lead to the newest and have examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from schemas.event import EventData, version_of
from schemas.examples import examples_of
from schemas.upcasting import UPCASTERS, Upcaster


def missing(
    types: Mapping[str, type[EventData]], upcasters: Mapping[type[EventData], Upcaster] = UPCASTERS
) -> list[str]:
    """What is missing so that every version of these types is read for ever, one sentence each.

    The versions of a type count from 1 without a gap. Each has examples, and each but the newest an upcaster to the
    next. Empty if all is well.
    """
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for stem, number in map(version_of, types):
        numbers[stem].append(number)
    return [
        said
        for stem, known in sorted(numbers.items())
        for number in range(1, max(known) + 1)
        for said in _missing(types, upcasters, stem, number, max(known))
    ]


def _missing(
    types: Mapping[str, type[EventData]],
    upcasters: Mapping[type[EventData], Upcaster],
    stem: str,
    number: int,
    newest: int,
) -> Iterator[str]:
    name, following = f"{stem}.v{number}", f"{stem}.v{number + 1}"
    if name not in types:
        yield f"{name}: the version is missing, though there is {stem}.v{newest}"
        return
    if not _has_examples(name):
        yield f"{name}: the version has no examples"
    step = upcasters.get(types[name])
    reached = None if step is None else step.into.TYPE
    if reached is None and number < newest:
        yield f"{name}: no upcaster leads to {following}"
    elif reached not in (None, following):
        yield f"{name}: its upcaster leads to {reached}, not to {following}"


def _has_examples(name: str) -> bool:
    try:
        return bool(examples_of(name))
    except KeyError:
        return False
