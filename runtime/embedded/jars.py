"""The broker's own jars, and where they lie."""

from __future__ import annotations

import os
from pathlib import Path

COORDINATES = "+".join(
    (
        "org.apache.kafka:kafka_2.13:4.3.1",
        # Named, because the resolver would otherwise take the 3.8.0 that another jar asks for.
        "org.apache.kafka:kafka-clients:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
    )
)


class JarsMissing(Exception):
    """The broker's jars are not on this machine and could not be fetched."""


def class_path(memory: Path) -> str:
    """The broker's class path. Fetched once per user, and remembered in the file `memory`.

    Raises:
        JarsMissing: if they are not here and the network does not give them.
    """
    known = memory.read_text() if memory.exists() else ""
    key, _, told = known.partition("\n")
    if key == COORDINATES and told and all(Path(jar).exists() for jar in told.split(os.pathsep)):
        return told
    found = os.pathsep.join(str(jar) for jar in _resolve())
    memory.write_text(f"{COORDINATES}\n{found}")
    return found


def _resolve() -> list[Path]:
    # Imported here: it takes a second, which only a first start should cost.
    import jgo

    try:
        return [Path(artifact.resolve()) for artifact in jgo.resolve(COORDINATES)]
    except (RuntimeError, ValueError, OSError) as error:
        raise JarsMissing(
            "Kafka's jars could not be fetched (43 MB, once): connect this machine to the internet, "
            f"or set RELEARN_KAFKA_BOOTSTRAP_SERVERS to a broker of yours ({type(error).__name__})"
        ) from error
