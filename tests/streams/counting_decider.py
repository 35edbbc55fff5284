"""A decider of the counting domain as a process of its own, told by its environment, to be killed by a test."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

from runtime.fault import Faults
from runtime.settings import load_settings
from streams.decider import Decider
from tests.streams.counting import Counting, opening
from tests.streams.scene import QUICK


async def main() -> None:
    settings = load_settings()
    limits = replace(QUICK, batch_records=100, snapshot_records=150)
    decider = Decider(
        settings, Counting(), opening(settings.partitions), limits=limits, fault=Faults.from_environment()
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, decider.stop)
    await decider.run()


if __name__ == "__main__":
    asyncio.run(main())
