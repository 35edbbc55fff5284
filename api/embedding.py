"""The vectors of what callers ask."""

from __future__ import annotations

import asyncio

import structlog

from runtime.embedding import Embedder
from schemas.vector import Vector

PAUSE_SECONDS = 60.0
"""Until a model that could not be loaded is tried again."""

PATIENCE_SECONDS = 2.0
"""How long a question waits for the model to be loaded; then it is searched for by its words."""

log = structlog.get_logger(__name__)


class Questions:
    """Embeds by the model of the tables, which is loaded when it is first asked for."""

    def __init__(self) -> None:
        self._loading: tuple[str, asyncio.Task[Embedder | None]] | None = None
        self._failed_at = 0.0

    async def vector(self, model: str, words: str) -> Vector | None:
        """The vector of these words; None where this model cannot be used here, or not yet."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                embedder = await self.load(model)
        except TimeoutError:
            return None
        if embedder is None:
            return None
        (found,) = await embedder.embed([words])
        return found.vector

    async def load(self, model: str) -> Embedder | None:
        """The embedder of this model, once it can work. One is loaded once for all who ask."""
        now = asyncio.get_running_loop().time()
        if self._loading is None or self._loading[0] != model or self._is_to_be_tried_again(now):
            self._failed_at = now
            self._loading = model, asyncio.create_task(asyncio.to_thread(_loaded, model))
        return await asyncio.shield(self._loading[1])

    def close(self) -> None:
        """Ends the thread of the model."""
        if self._loading is not None and self._loading[1].done() and (made := self._loading[1].result()):
            made.close()

    def _is_to_be_tried_again(self, now: float) -> bool:
        assert self._loading is not None
        task = self._loading[1]
        return task.done() and task.result() is None and now - self._failed_at > PAUSE_SECONDS


def _loaded(model: str) -> Embedder | None:
    try:
        return Embedder(model)
    except (RuntimeError, OSError) as error:
        log.warning("searching by words alone: the model cannot be loaded", model=model, reason=str(error))
        return None
