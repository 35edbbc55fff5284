"""A process of its own that starts a server and is killed: what is left of the server then?"""

from __future__ import annotations

import asyncio
import sys
import textwrap
from asyncio.subprocess import Process
from pathlib import Path

from runtime.process import command_line

ROOT = Path(__file__).parents[3]


async def start_elsewhere(server: str, folder: Path) -> tuple[Process, int, str]:
    """Starts `server` (module:class) in another process; returns that, the server's pid and its address."""
    module, _, name = server.partition(":")
    code = f"""
        import asyncio
        from pathlib import Path
        from {module} import {name}

        async def main():
            server = {name}(Path({str(folder)!r}))
            address = await server.start()
            print(server.pid, address, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
    """
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(code), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid, _, address = (await asyncio.wait_for(parent.stdout.readline(), 60)).decode().strip().partition(" ")
    return parent, int(pid), address


async def until_gone(pid: int) -> None:
    """Waits until there is no such process."""
    async with asyncio.timeout(30):
        while command_line(pid) is not None:
            await asyncio.sleep(0.02)
