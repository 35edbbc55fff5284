"""What `relearn generation` does: brokers, tables and registry, one after the other."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

from cli.failure import Failed
from cli.inforce import policies_in_force
from cli.judged import decisions_of
from cli.making import Made, Wish
from cli.migrate import migrator_of
from cli.replaying import bar
from projections.building import EVERY_CORE
from projections.domains import PROJECTIONS
from projections.rebuild import Rebuild
from runtime.clock import SystemClock
from runtime.embedding import Embedder
from runtime.fault import Faults
from runtime.kafka import create_topics, delete_topics, widen_topic
from runtime.reading import partitions_of
from runtime.registry import register, registered
from runtime.settings import Settings
from schemas.generation import FIRST, Generation, Registered, Transformation, names_of
from schemas.topics import DEAD_LETTERS, GENERATIONS, LEARNING
from streams.domain import Domain
from streams.generations.adopting import Handover
from streams.generations.comparing import compare
from streams.generations.copying import Copying, copying
from streams.generations.transforming import Erased, Reembedded, Repartitioned, erasures_of
from streams.generations.transforming import Transformation as Transforming
from streams.hearing import Tell
from streams.learning.judging import Judgement
from streams.trial import try_policy

PAUSE_SECONDS = 0.2
"""Between two looks whether closed inputs are decided."""

DRAIN_SECONDS = 600.0
"""How long that may take before the inputs are opened again."""


class Generations:
    """The generations of one domain."""

    def __init__(self, settings: Settings, domain: Domain[Any]) -> None:
        """`settings`: following the registry."""
        self._settings = settings
        self._domain = domain
        self._name = domain.topics.name
        self._clock = SystemClock()

    async def rows(self) -> list[dict[str, Any]]:
        """One for each generation."""
        known = await self._registered()
        return [
            {
                "generation": each.number,
                "is": known.phase_of(each.number),
                "made as": str(each.transformation or "the first"),
                "embedding model": each.model,
                "partitions": each.partitions,
                "log": self._within(known, each.number).topic(self._domain.topics.log.name),
            }
            for each in known.generations
        ]

    async def create(self, wish: Wish) -> Made:
        """Makes what is wished for, or goes on with it, until it has caught up.

        Raises:
            Failed: if another one is being made, or the wish changes nothing.
        """
        known = await self._registered()
        if known.phase != "settled":
            raise Failed(f"generation {known.next} of {self._name} is being adopted: finish that, or drop it")
        made = self._unfinished(known, wish)
        if made is None:
            known, made = await self._begin(known, wish)
        async with self._copying(known, made, await self._transforming(known, made)) as copy:
            await self._follow(copy, made.number)
            records = sum(target.state.seq for target in copy.targets.values())
        if wish.kind != "model":
            return Made(self._name, made, records)
        return await self._compared(known, made, records)

    async def adopt(self, number: int) -> dict[str, Any]:
        """Lets a generation take over. Everything here may be repeated after an interruption.

        Raises:
            Failed: if there is none of this number, or it was left.
        """
        known = await self._registered()
        after = self._to_adopt(known, number)
        if number == known.current:
            # Whoever was interrupted at the very end asks again.
            return self._adopted(number, 0.0)
        hand = self._handover(known, after)
        tables = self._tables(known, number)
        async with self._copying(known, after, await self._transforming(known, after)) as copy:
            if known.phase == "settled":
                await self._follow(copy, number)
                with bar(f"tables of {self._name}") as progress:
                    progress.begin(sum((await tables.ends()).values()))
                    await tables.prepare(progress.tell)
                await copy.follow(lambda _: None)
            if hand.closes_inputs and known.phase != "adopting":
                known = await self._enter(known, "closing", number)
                await self._drain(hand, known)
            known = await self._enter(known, "adopting", number)
            began = self._clock.monotonic()
            await hand.stop_deciders()
            await copy.finish()
            await hand.reconnect(copy)
        await tables.take_over()
        adopted = known.model_copy(update={"current": number, "phase": "settled", "next": None})
        await register(self._settings, adopted)
        return self._adopted(number, self._clock.monotonic() - began)

    async def _follow(self, copy: Copying, number: int) -> None:
        with bar(f"generation {number} of {self._name}") as progress:
            progress.begin(await copy.behind())
            await copy.follow(progress.tell)

    def _adopted(self, number: int, seconds: float) -> dict[str, Any]:
        return {"domain": self._name, "generation": number, "seconds_without_decisions": round(seconds, 3)}

    async def drop(self, number: int) -> dict[str, Any]:
        """Deletes a generation's topics; undoes an adoption that was not finished.

        Raises:
            Failed: if it is the current one, or its tables are read already.
        """
        known = await self._registered()
        found = self._find(known, number)
        if number == known.current:
            raise Failed(f"generation {number} of {self._name} is the current one")
        tables = self._tables(known, number)
        if known.next == number:
            if await tables.shown_generation() == number:
                raise Failed(
                    f"the tables are of generation {number} already: `relearn generation adopt {number}`"
                )
            await self._handover(known, found).undo()
        await tables.clean()
        names = self._own_topics(known, number)
        await delete_topics(self._settings, names)
        left = known.without(number).model_copy(update={"phase": "settled", "next": None})
        await register(self._settings, left)
        return {"domain": self._name, "generation": number, "topics": names}

    async def _drain(self, hand: Handover, known: Registered) -> None:
        """Waits until nothing is left in the inputs; opens them again if that does not come."""
        await hand.close_inputs()
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        with bar(f"closed inputs of {self._name}") as progress:
            progress.begin(before := await hand.undecided())
            while left := await hand.undecided():
                progress.tell(before - left)
                before = left
                if self._clock.monotonic() > deadline:
                    await hand.undo()
                    settled = known.model_copy(update={"phase": "settled", "next": None})
                    await register(self._settings, settled)
                    raise Failed(
                        f"{left:,} inputs were not decided in time, so all goes on as before: `relearn status`"
                    )
                await asyncio.sleep(PAUSE_SECONDS)

    async def _enter(self, known: Registered, phase: str, number: int) -> Registered:
        entered = known.model_copy(update={"phase": phase, "next": number})
        if entered != known:
            await register(self._settings, entered)
        return entered

    async def _begin(self, known: Registered, wish: Wish) -> tuple[Registered, Generation]:
        """With what the registry says of it."""
        now = known.now
        number = max(each.number for each in known.generations) + 1
        made = Generation(
            number=number,
            model=wish.model or now.model,
            partitions=wish.partitions or now.partitions,
            names=names_of(self._domain.topics, number, wish.kind, now),
            transformation=Transformation(kind=wish.kind, of=now.number),
        )
        if wish.kind != "erased" and (made.model, made.partitions) == (now.model, now.partitions):
            raise Failed(f"{self._name} has {now.partitions} partitions and vectors of {now.model} already")
        known = known.added(made)
        migrator_of(self._within(known, number), self._name)
        await create_topics(self._settings, [GENERATIONS])
        await create_topics(self._within(known, number), list(self._domain.topics))
        await widen_topic(self._settings, DEAD_LETTERS, made.partitions)
        await register(self._settings, known)
        return known, made

    def _unfinished(self, known: Registered, wish: Wish) -> Generation | None:
        """The generation that is being made, if it is the one that is wished for."""
        made = [each for each in known.generations if each.number > known.current]
        if not made:
            return None
        wished = Wish(
            made[0].transformation.kind if made[0].transformation else "erased",
            model=made[0].model if wish.kind == "model" else None,
            partitions=made[0].partitions if wish.kind == "partitions" else None,
        )
        if wished != wish:
            raise Failed(
                f"generation {made[0].number} of {self._name} is there already, made as {made[0].transformation}: "
                f"adopt it or drop it first"
            )
        return made[0]

    def _copying(
        self, known: Registered, made: Generation, transformation: Transforming
    ) -> AbstractAsyncContextManager[Copying]:
        before = made.transformation.of if made.transformation else FIRST
        fault = Faults.from_environment()
        return copying(self._following(known), self._domain, before, made.number, transformation, fault)

    async def _transforming(self, known: Registered, made: Generation) -> Transforming:
        assert made.transformation is not None
        before = known.generation(made.transformation.of)
        match made.transformation.kind:
            case "model":
                return Reembedded(
                    await asyncio.to_thread(Embedder, made.model, self._settings.embedding_cache)
                )
            case "partitions":
                return Repartitioned(before.partitions, made.partitions)
            case "erased":
                with bar(f"erasures in {self._name}") as progress:
                    tell = Tell(progress.begin, progress.tell)
                    found = await erasures_of(self._within(known, before.number), self._domain, tell)
                return Erased(self._domain, found)

    async def _compared(self, known: Registered, made: Generation, records: int) -> Made:
        """What would have been decided with the other vectors, by the same policies."""
        after = self._within(known, made.number)
        recalls = await compare(self._within(known, known.current), after, self._domain)
        if self._name != LEARNING.name:
            # Nothing is decided by nearness there.
            return Made(self._name, made, records, recalls)
        judged = Judgement()
        with bar("decided again") as progress:
            tell = Tell(progress.begin, progress.tell)
            await try_policy(after, self._domain, None, lambda tried: judged.hear(*tried), tell)
        return Made(self._name, made, records, recalls, decisions_of(judged), judged.flips)

    async def _registered(self) -> Registered:
        """What the registry says; of a domain that it does not know, what its log says."""
        found = (await registered(self._settings)).get(self._name)
        if found is not None:
            return found
        opened = await policies_in_force(self._settings, self._domain.topics)
        if not opened:
            raise Failed(f"nothing has been decided in {self._name} yet: there is no log to make another of")
        count = await partitions_of(self._settings, self._domain.topics.log)
        first = Generation(number=FIRST, model=opened[0].model, partitions=count)
        return Registered(domain=self._name, current=FIRST, generations=(first,))

    def _following(self, known: Registered) -> Settings:
        return self._settings.following({self._name: known})

    def _within(self, known: Registered, number: int) -> Settings:
        return self._following(known).within(self._name, number)

    def _handover(self, known: Registered, after: Generation) -> Handover:
        return Handover(self._following(known), self._domain, known.now, after, self._clock)

    def _tables(self, known: Registered, number: int) -> Rebuild:
        settings = self._within(known, number)
        return Rebuild(settings, PROJECTIONS[self._name], migrator_of(settings, self._name), EVERY_CORE)

    def _find(self, known: Registered, number: int) -> Generation:
        try:
            return known.generation(number)
        except LookupError as error:
            raise Failed(str(error)) from error

    def _to_adopt(self, known: Registered, number: int) -> Generation:
        found = self._find(known, number)
        if known.next not in (None, number):
            raise Failed(f"generation {known.next} of {self._name} is being adopted: finish that, or drop it")
        if number < known.current:
            raise Failed(f"generation {number} of {self._name} was left: make another one like it")
        return found

    def _own_topics(self, known: Registered, number: int) -> list[str]:
        """The topics that no other generation uses."""
        used = {
            self._within(known, each.number).topic(topic.name)
            for each in known.generations
            if each.number != number
            for topic in self._domain.topics
        }
        own = [self._within(known, number).topic(topic.name) for topic in self._domain.topics]
        return [name for name in own if name not in used]
