"""What a new JSON Schema refuses, forgets or misreads of the messages written under an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

AT_MOST = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
AT_LEAST = {"minLength": 0, "minItems": 0, "minProperties": 0, "minimum": -inf, "exclusiveMinimum": -inf}
"""With what holds where the limit is not given."""
UNCHANGEABLE = ("format", "pattern", "not", "multipleOf", "contentEncoding", "uniqueItems")
WIDER = {("integer", "number")}


class Side(NamedTuple):
    """A schema, or a part of it, with the whole in which its references are looked up."""

    part: Any
    whole: Schema

    def of(self, part: Any) -> Side:
        return Side(part, self.whole)


def incompatibilities(published: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[str]:
    """Why readers of the current schemas cannot read everything written under the published ones.

    Both are schemas by the name of the type. Widening (a new optional field, another alternative, a looser
    limit, a new type) is compatible; a type or field that is gone, a new required one, and anything narrower or
    changed in meaning (format, default) is not. Empty if all is well.
    """
    found: list[str] = []
    for name, old in sorted(published.items()):
        if name not in current:
            found.append(f"{name}: the type was removed")
        else:
            found += [
                f"{name}: {said}" for said in _compare("", Side(old, old), Side(current[name], current[name]))
            ]
    return found


def _compare(path: str, old: Side, new: Side) -> Iterator[str]:
    """Each old alternative needs a new one that takes all of it."""
    offered = list(_alternatives(new))
    for each in _alternatives(old):
        complaints = [list(_compare_one(path, each, other)) for other in offered if _akin(each, other)]
        if not complaints:
            yield f"{_named(path)}{_kind(each)} is no longer allowed"
        elif all(complaints):
            yield from min(complaints, key=len)


def _alternatives(side: Side) -> Iterator[Side]:
    """The schema with its references followed, one for each of the kinds of value that it allows."""
    part = side.part
    if part is True:
        part = {}
    while "$ref" in part:
        part = {**_target(side.whole, part["$ref"]), **{k: v for k, v in part.items() if k != "$ref"}}
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        for choice in choices:
            yield from _alternatives(side.of(choice))
    elif isinstance(part.get("type"), list):
        yield from (side.of({**part, "type": kind}) for kind in part["type"])
    else:
        yield side.of(part)


def _target(whole: Schema, reference: str) -> Schema:
    found: Any = whole
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found  # type: ignore[no-any-return]


def _akin(old: Side, new: Side) -> bool:
    """Whether they are about the same kind of value; two tagged objects, if they have the same tag."""
    was, now = old.part.get("type"), new.part.get("type")
    if now is None:
        return True
    if was != now and (was, now) not in WIDER:
        return False
    return _tag(old) is None or _tag(new) is None or _tag(old) == _tag(new)


def _tag(side: Side) -> Any:
    return side.part.get("properties", {}).get("kind", {}).get("const")


def _kind(side: Side) -> str:
    if tag := _tag(side):
        return f"{tag}"
    return f"the type {side.part['type']}" if "type" in side.part else "any type"


def _named(path: str) -> str:
    return f"{path}: " if path else ""


def _compare_one(path: str, old: Side, new: Side) -> Iterator[str]:
    yield from (_named(path) + said for said in _narrowed(old.part, new.part))
    yield from _compare_fields(path, old, new)
    yield from _compare_contents(path, old, new)


def _narrowed(old: Schema, new: Schema) -> Iterator[str]:
    yield from _fewer_values(old, new)
    for limit in AT_MOST:
        if limit in new and new[limit] < old.get(limit, inf):
            yield f"{limit} is {new[limit]} now, was {old.get(limit, 'open')}"
    for limit, given in AT_LEAST.items():
        if limit in new and new[limit] > old.get(limit, given):
            yield f"{limit} is {new[limit]} now, was {old.get(limit, 'open')}"
    for word in UNCHANGEABLE:
        if word in new and new[word] != old.get(word):
            yield f"the {word} is {new[word]!r} now, was {old.get(word)!r}"


def _fewer_values(old: Schema, new: Schema) -> Iterator[str]:
    allowed = _values(new)
    if allowed is None:
        return
    was = _values(old)
    if was is None:
        yield f"only {', '.join(map(repr, allowed))} is allowed now"
    elif gone := [value for value in was if value not in allowed]:
        yield f"{', '.join(map(repr, gone))} is no longer allowed"


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _compare_fields(path: str, old: Side, new: Side) -> Iterator[str]:
    had, has = old.part.get("properties", {}), new.part.get("properties", {})
    for name in had:
        field = f"{path}.{name}" if path else name
        if name not in has:
            yield f"{field}: the field was removed or renamed"
            continue
        yield from _compare(field, old.of(had[name]), new.of(has[name]))
        if (was := had[name].get("default")) != (now := has[name].get("default")):
            yield f"{field}: a message without it means {now!r} now, meant {was!r}"
    for name in sorted(set(new.part.get("required", ())) - set(old.part.get("required", ()))):
        yield f"{path}.{name}: is required now" if path else f"{name}: is required now"


def _compare_contents(path: str, old: Side, new: Side) -> Iterator[str]:
    """Of lists the entries, of objects the keys and values that have no name of their own."""
    for word, place in (("items", "[]"), ("additionalProperties", ".*"), ("propertyNames", " (names)")):
        now = new.part.get(word, True)
        was = old.part.get(word, True)
        if now is False:
            if was is not False:
                yield f"{_named(path)}no other fields are allowed now"
        elif now is not True and was is not False:
            yield from _compare(path + place, old.of(was), new.of(now))
