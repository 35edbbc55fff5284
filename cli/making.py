"""What a generation is asked for, and what is told of one that was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from cli.failure import Failed
from schemas.generation import Generation, Kind
from streams.generations.comparing import Recall
from streams.learning.judging import Flip


@dataclass(frozen=True, slots=True)
class Wish:
    """What a generation is made for."""

    kind: Kind
    model: str | None = None
    partitions: int | None = None

    @classmethod
    def of(cls, model: str | None, partitions: int | None, erased: bool) -> Self:
        """Raises Failed unless exactly one is asked for."""
        if (model is not None) + (partitions is not None) + erased != 1:
            raise Failed("say one of --model, --partitions and --erased: each makes a generation of its own")
        if model is not None:
            return cls("model", model=model)
        return cls("erased") if partitions is None else cls("partitions", partitions=partitions)


@dataclass(frozen=True, slots=True)
class Made:
    """A generation that has caught up, and what another model would change."""

    domain: str
    generation: Generation
    records: int
    recalls: Mapping[str, Recall] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)
    flips: Sequence[Flip] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "domain": self.domain,
            "generation": self.generation.number,
            "records": self.records,
            "recall_at_10": {part: asdict(each) for part, each in self.recalls.items()},
            "decisions": dict(self.decisions),
        }
