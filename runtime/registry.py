"""The registry: which generation of each domain's log is the current one. Everybody follows it."""

from __future__ import annotations

import asyncio

import structlog

from runtime.compacted import Said, heard, said, say
from runtime.settings import Settings
from schemas.generation import Registered
from schemas.topics import GENERATIONS

POLL_SECONDS = 0.2

log = structlog.get_logger(__name__)


class GenerationChanged(Exception):
    """What a process was started for is no longer so: it has to begin anew."""


async def registered(settings: Settings) -> dict[str, Registered]:
    """What the registry says of each domain that it knows; nothing where there is no registry yet."""
    return _parsed(await said(settings, GENERATIONS))


async def followed(settings: Settings) -> Settings:
    """The settings, with topics as the registry names them now."""
    return settings.following(await registered(settings))


async def settled(settings: Settings, *, writes_inputs: bool = False) -> Settings:
    """The same, for parts: once none of their domains is between two generations.

    `writes_inputs`: whether inputs that are closed keep the part from its work.
    """
    while True:
        found = await registered(settings)
        served = [each for name, each in found.items() if name in settings.domains]
        between = [each for each in served if _is_between(each, writes_inputs)]
        if not between:
            return settings.following(found)
        log.info("waiting for a generation to be adopted", domain=between[0].domain, next=between[0].next)
        await asyncio.sleep(POLL_SECONDS)


def _is_between(domain: Registered, writes_inputs: bool) -> bool:
    """Whether a part has to wait. Inputs that are closed still have to be drained."""
    return domain.phase == "adopting" or (writes_inputs and domain.phase == "closing")


async def register(settings: Settings, domain: Registered) -> None:
    """Lets everybody know, in one step."""
    value = domain.model_dump_json(exclude_none=True).encode()
    await say(settings, GENERATIONS, domain.domain.encode(), value)


class Following:
    """Watches the registry for a part that was started with what it said then."""

    def __init__(self, settings: Settings, *, writes_inputs: bool = False) -> None:
        """`settings`: as `settled` gave them."""
        self._settings = settings
        self._writes_inputs = writes_inputs
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Returns when stopped.

        Raises:
            GenerationChanged: if another generation of a served domain is current, or about to be.
        """
        watching, over = asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._over.wait())
        done, _ = await asyncio.wait({watching, over}, return_when=asyncio.FIRST_COMPLETED)
        for each in (watching, over):
            each.cancel()
        await asyncio.gather(watching, over, return_exceptions=True)
        if watching in done:
            watching.result()

    async def _watch(self) -> None:
        async for now in heard(self._settings, GENERATIONS):
            found = _parsed(now)
            for name in self._settings.domains:
                if self._differs(name, found.get(name)):
                    raise GenerationChanged(name)

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    def _differs(self, name: str, found: Registered | None) -> bool:
        known = self._settings.registered(name)
        if found is None:
            return False
        return found.current != known.current or _is_between(found, self._writes_inputs)


def _parsed(found: Said) -> dict[str, Registered]:
    each_said = (Registered.model_validate_json(message.value) for message in found.values())
    return {each.domain: each for each in each_said}
