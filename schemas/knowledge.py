"""Knowledge that somebody proposes, or that another system holds."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.event import ShopData
from schemas.fields import FilledText, Name, Text


class KnowledgeProposed(ShopData):
    """A piece of knowledge for reviewers to look at."""

    TYPE: ClassVar[str] = "relearn.knowledge.proposed.v1"

    content: FilledText
    question: Text | None = None
    category: Name | None = None
    note: Text | None = None
    origin: Literal["person", "assistant"] = "person"


class KnowledgeImported(ShopData):
    """Knowledge at once, or once two have seen it. The same (source, external_id) again replaces it."""

    TYPE: ClassVar[str] = "relearn.knowledge.imported.v1"

    content: FilledText
    question: Text | None = None
    category: Name | None = None
    source: Name
    external_id: Name | None = None
