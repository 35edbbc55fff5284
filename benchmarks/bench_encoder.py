"""How many customers' questions a second the bare encoder embeds on this machine, in fp32 and in bf16.

    python -m benchmarks.bench_encoder [--texts 1000] [--threads N] [questions.csv]

The first column of the CSV file holds the texts; without one, questions are generated.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from runtime.encoder import Encoder

SUBJECTS = [
    "my card",
    "the refund for order {n}",
    "a top-up of {n} euros",
    "my identity check",
    "this charge",
]
QUESTIONS = [
    "Where is {it}?",
    "How long does it take until {it} arrives? It has been {n} days now.",
    "I do not understand why {it} was declined again, can you tell me what to do?",
    "Can I cancel {it}?",
    "Somebody told me that {it} would be free of charge for {n} months, so why do I have to pay for it?",
]


def generated(number: int) -> list[str]:
    """Different questions of 4 to 25 words, always the same ones."""
    source = random.Random(1)
    texts: dict[str, None] = {}
    while len(texts) < number:
        it = source.choice(SUBJECTS)
        question = source.choice(QUESTIONS).replace("{it}", it)
        texts[f"{question.replace('{n}', str(source.randint(2, 900)))} (ref {len(texts)})"] = None
    return list(texts)


def read(path: Path, number: int) -> list[str]:
    """The first column of a CSV file with a header, shuffled, the same way each time."""
    with path.open(newline="", encoding="utf-8") as file:
        texts = [row[0] for row in csv.reader(file) if row and row[0].strip()][1:]
    random.Random(1).shuffle(texts)
    return texts[:number]


def rate(encoder: Encoder, texts: Sequence[str], repeats: int) -> float:
    """Texts a second: the best of some runs, since other work on the machine can only slow one down."""
    encoder.encode(texts[:64])
    seconds = []
    for _ in range(repeats):
        started = perf_counter()
        encoder.encode(texts)
        seconds.append(perf_counter() - started)
    return len(texts) / min(seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the loading time and one line per precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", nargs="?", type=Path)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    said = parser.parse_args(arguments)
    texts = read(said.csv, said.texts) if said.csv else generated(said.texts)
    started = perf_counter()
    chosen = Encoder(said.model, threads=said.threads)
    _say(f"loaded {said.model} in {perf_counter() - started:.1f} s; {len(texts)} texts")
    other = Encoder(said.model, threads=said.threads, bf16=not chosen.bf16)
    for encoder in (chosen, other):
        note = ", chosen for this processor" if encoder is chosen else ""
        _say(f"{'bf16' if encoder.bf16 else 'fp32'}: {rate(encoder, texts, said.repeats):.0f} texts/s{note}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
