"""The model itself: meaning, order, truncation, batches, bf16, and doing without a network."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.encoder import Encoder, _batches, folder_of

MODEL = "all-MiniLM-L6-v2"
QUESTIONS = ["Where is my card?", "How do I get a refund?", "Which currencies can I hold in my account?"]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(MODEL)


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right)


def test_a_vector_is_float32_of_length_one_and_read_only(encoder: Encoder) -> None:
    (embedding,) = encoder.encode(["Where is my card?"])
    vector = embedding.vector
    assert vector.shape == (encoder.width,) == (384,)
    assert vector.dtype == np.float32
    assert vector.flags.c_contiguous
    assert vector.flags.owndata
    assert not vector.flags.writeable
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_the_measured_similarities_of_known_pairs(encoder: Encoder) -> None:
    ask, same, other = encoder.encode(
        [
            "How long does it take for me to get my new card?",
            "Can you tell me how long it takes for a new card to come?",
            "Why do you need to verify my identity?",
        ]
    )
    assert cosine(ask.vector, same.vector) == pytest.approx(0.932, abs=0.005)
    assert cosine(ask.vector, other.vector) < 0.4


def test_vectors_come_in_the_order_of_the_texts_and_do_not_depend_on_their_neighbours(
    encoder: Encoder,
) -> None:
    texts = [("very " * n) + question for n in (0, 40, 3, 17) for question in QUESTIONS]
    alone = [encoder.encode([text])[0].vector for text in texts]
    together = [embedding.vector for embedding in encoder.encode(texts)]
    assert min(map(cosine, alone, together)) > 0.9999


def test_no_texts_are_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]) == []


@pytest.mark.parametrize(("words", "truncated"), [(253, False), (254, False), (255, True), (5000, True)])
def test_truncated_begins_with_the_first_piece_that_is_not_read(
    encoder: Encoder, words: int, truncated: bool
) -> None:
    # 256 pieces: 254 words of one piece each, a mark at the beginning and one at the end.
    assert encoder.max_pieces == 256
    assert encoder.encode(["card " * words])[0].truncated is truncated


def test_what_comes_after_the_last_piece_read_changes_nothing(encoder: Encoder) -> None:
    short, long = encoder.encode(["card " * 254, "card " * 254 + "refund identity currency"])
    assert cosine(short.vector, long.vector) == pytest.approx(1, abs=1e-5)
    assert (short.truncated, long.truncated) == (False, True)


def test_bf16_is_near_enough_to_fp32(encoder: Encoder) -> None:
    exact = encoder.encode(QUESTIONS)
    rounded = Encoder(MODEL, bf16=True).encode(QUESTIONS)
    likeness = [cosine(one.vector, other.vector) for one, other in zip(exact, rounded, strict=True)]
    assert 0.9995 < min(likeness) < 1 - 1e-7


def test_batches_are_bounded_and_hold_every_index_once() -> None:
    lengths = [3, 900, 5, 4, 2000, 4, 3]
    batches = list(_batches(lengths, 3, 1000))
    assert batches == [[0, 6, 3], [5, 2], [1], [4]]
    assert list(_batches([500, 500, 501], 64, 1000)) == [[0, 1], [2]]


def test_the_bundled_model_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert Encoder(MODEL).width == 384


def test_nothing_is_drawn_while_the_model_loads(capfd: pytest.CaptureFixture[str]) -> None:
    Encoder(MODEL)
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_a_model(encoder: Encoder) -> None:
    folder = folder_of(MODEL)
    assert folder is not None
    (named,), (direct,) = encoder.encode(["refund"]), Encoder(str(folder)).encode(["refund"])
    assert np.array_equal(named.vector, direct.vector)


def test_folders_of_models(tmp_path: Path) -> None:
    assert folder_of("sentence-transformers/all-MiniLM-L6-v2") == folder_of(MODEL)
    assert folder_of(str(tmp_path)) == tmp_path
    assert folder_of("all-mpnet-base-v2") is None


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RuntimeError, match=r"pip install relearn\[embed\]$"):
        Encoder(MODEL)


def test_importing_the_module_imports_no_torch() -> None:
    code = (
        "import sys, runtime.embedding; "
        "sys.exit(bool({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
