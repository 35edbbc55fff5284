"""No text is embedded twice, the event loop stays free, and widths are known without a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from runtime.embedding import Embedder, dimensions_of
from runtime.encoder import folder_of

MODEL = "all-MiniLM-L6-v2"


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    made = Embedder(MODEL)
    yield made
    made.close()


async def test_embeds_in_order(embedder: Embedder) -> None:
    card, refund, card_again = await embedder.embed(["card", "refund", "card"])
    assert np.array_equal(card.vector, card_again.vector)
    assert not np.array_equal(card.vector, refund.vector)
    assert (embedder.model, embedder.width, embedder.max_pieces) == (MODEL, 384, 256)


async def test_no_text_is_embedded_twice(embedder: Embedder) -> None:
    await embedder.embed(["card", "refund", "card"])
    assert (embedder.encoded, embedder.hits) == (2, 1)
    await embedder.embed(["refund", "identity"])
    assert (embedder.encoded, embedder.hits) == (3, 2)


async def test_no_text_is_embedded_twice_by_calls_at_the_same_time(embedder: Embedder) -> None:
    calls = await asyncio.gather(*(embedder.embed(["card", "refund"]) for _ in range(5)))
    assert (embedder.encoded, embedder.hits) == (2, 8)
    assert len({id(call[0]) for call in calls}) == 1


async def test_beyond_its_bound_memory_forgets() -> None:
    embedder = Embedder(MODEL, memory_entries=1)
    both = await embedder.embed(["card", "refund"])
    await embedder.embed(["refund"])
    assert (embedder.encoded, embedder.hits) == (2, 1)
    again = await embedder.embed(["card"])
    assert embedder.encoded == 3
    assert np.allclose(both[0].vector, again[0].vector, atol=1e-6)
    embedder.close()


async def test_a_restart_embeds_nothing_again(tmp_path: Path) -> None:
    texts = ["card", "refund", "word " * 300]
    first = Embedder(MODEL, tmp_path / "vectors.db")
    before = await first.embed(texts)
    first.close()
    second = Embedder(MODEL, tmp_path / "vectors.db")
    after = await second.embed(texts)
    assert (second.encoded, second.hits) == (0, 3)
    assert [each.truncated for each in after] == [False, False, True]
    assert all(np.array_equal(one.vector, other.vector) for one, other in zip(before, after, strict=True))
    second.close()


@pytest.mark.parametrize("text", ["", " \n\t"])
async def test_empty_texts_are_refused(embedder: Embedder, text: str) -> None:
    with pytest.raises(ValueError, match="text 1 of 2 is empty"):
        await embedder.embed(["card", text])
    assert embedder.encoded == 0


async def test_text_that_is_no_unicode_is_refused(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        await embedder.embed(["half a pair: \ud83d"])


async def test_the_event_loop_stays_free(embedder: Embedder) -> None:
    gate = Event()
    embedder._thread.submit(gate.wait)
    embedding = asyncio.ensure_future(embedder.embed(["card"]))
    await asyncio.sleep(0)  # had embed() waited for the thread here, the gate would never open
    assert not embedding.done()
    gate.set()
    assert len(await embedding) == 1


async def test_what_memory_knows_does_not_wait_for_the_thread(embedder: Embedder) -> None:
    await embedder.embed(["card"])
    gate = Event()
    embedder._thread.submit(gate.wait)
    try:
        async with asyncio.timeout(10):
            await embedder.embed(["card"])
    finally:
        gate.set()


@pytest.mark.parametrize(("model", "width"), [(MODEL, 384), ("sentence-transformers/all-mpnet-base-v2", 768)])
def test_widths_of_known_models(model: str, width: int) -> None:
    assert dimensions_of(model) == dimensions_of(model, width) == width


def test_the_width_of_a_folder_is_read_from_it() -> None:
    assert dimensions_of(str(folder_of(MODEL))) == 384


def test_a_dense_module_at_the_end_decides_the_width(tmp_path: Path) -> None:
    modules = [{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense"}, {"path": "3_Normalize"}]
    configs = {"": {"hidden_size": 768}, "1_Pooling": {"word_embedding_dimension": 768}}
    configs["2_Dense"] = {"in_features": 768, "out_features": 512}
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    for folder, config in configs.items():
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "config.json").write_text(json.dumps(config))
    assert dimensions_of(str(tmp_path)) == 512


def test_an_unknown_model_needs_the_setting() -> None:
    with pytest.raises(ValueError, match="RELEARN_EMBEDDING_DIMENSIONS"):
        dimensions_of("somebody/model")
    assert dimensions_of("somebody/model", 1024) == 1024


def test_a_setting_that_contradicts_the_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"RELEARN_EMBEDDING_DIMENSIONS is 768, .* has 384"):
        dimensions_of(MODEL, 768)
