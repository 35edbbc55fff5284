"""What is free goes back to the system, and what is not is seldom looked at."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time

EVERY_SECONDS = 60.0


def give_back() -> None:
    """Hands the pages back to the system that the C library keeps although nothing is in them.

    It keeps nearly all that a batch or the reading of a log has used: a decider with 270 MiB of state had 340 to 380.
    Elsewhere than on Linux with glibc nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def give_back_regularly() -> None:
    """Does so every minute, in a thread that ends with the process."""

    def run() -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            give_back()

    threading.Thread(target=run, name="give back memory", daemon=True).start()


def spare_collector() -> None:
    """Lets the garbage collector look seldom, and never at what is loaded by now.

    A batch makes thousands of objects and leaves next to none; as it comes, looking for cycles among them takes a
    fifth of a projector's time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
