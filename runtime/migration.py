"""Applies the migrations of a domain to a schema of any name, takes them back, and verifies the result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiosql
from asyncpg import Connection
from asyncpg.exceptions import DependentObjectsStillExistError

from runtime.catalog import CatalogReader, Report, compare
from schemas.generation import FIRST

DIMENSIONS = re.compile(r"(?<!:):dimensions\b")
"""psql's own way to write a variable, so that psql can run the files too."""

INCLUDE = re.compile(r"^\\ir (?P<name>\S+)$", re.MULTILINE)
"""psql's own way to include a file, relative to the one that does."""

MAX_DIMENSIONS = 4000
"""The widest halfvec that pgvector can index."""

OLDEST_PGVECTOR = (0, 8)
"""The first version that goes on scanning when a filter drops what it found."""


class MigrationRefused(Exception):
    """A migration would do harm. The message says what to do."""


class ChangedMigration(MigrationRefused):
    """A file was edited after it had been applied."""

    def __init__(self, schema: str, file: str) -> None:
        super().__init__(f"{file} was changed after it was applied to schema {schema}: write a new migration")
        self.file = file


class UnknownMigration(MigrationRefused):
    """A migration is named, or was applied, that does not stand at that place in the folder."""

    def __init__(self, schema: str, name: str) -> None:
        super().__init__(f"{name} is not the next of this release's migrations of schema {schema}")
        self.name = name


class OtherModel(MigrationRefused):
    """The schema was made for another embedding model or width."""

    def __init__(self, schema: str, found: tuple[str, int], asked: tuple[str, int]) -> None:
        super().__init__(
            f"schema {schema} holds vectors of {found[0]} ({found[1]} dimensions), "
            f"not of {asked[0]} ({asked[1]}): another model needs another schema"
        )
        self.found = found
        self.asked = asked


class ExtensionTooOld(MigrationRefused):
    """The server's pgvector cannot search with a filter."""

    def __init__(self, version: str) -> None:
        needed = ".".join(map(str, OLDEST_PGVECTOR))
        super().__init__(f"pgvector {version} is too old: {needed} or later is needed")
        self.version = version


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, with the way back."""

    name: str
    up: str
    down: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file as it stands, before the width is filled in."""
        return sha256(self.up.encode()).hexdigest()


def read_migrations(folder: Traversable) -> list[Migration]:
    """The folder's migrations in order. Raises FileNotFoundError where one has no way back."""
    names = sorted(
        file.name.removesuffix(".up.sql") for file in folder.iterdir() if file.name.endswith(".up.sql")
    )
    return [
        Migration(name, _text(folder, f"{name}.up.sql"), _text(folder, f"{name}.down.sql")) for name in names
    ]


def _text(folder: Traversable, name: str) -> str:
    """The file's text, with what it includes of files that several domains share."""
    text = (folder / name).read_text(encoding="utf-8")
    return INCLUDE.sub(lambda found: _text(folder, found["name"]).rstrip("\n"), text)


class Migrator:
    """The migrations of one folder, for one schema.

    Every migration is a transaction of its own under a lock of the whole database, so that migrators wait for
    each other and a failed one leaves the steps before it. The connection must not be inside a transaction,
    except for `validate`.
    """

    def __init__(
        self,
        schema: str,
        folder: str | Path = "learning",
        dimensions: int = 384,
        model: str = "all-MiniLM-L6-v2",
        version: int = 1,
        generation: int = FIRST,
    ) -> None:
        """`folder` is a name below the package `migrations`, or a path; `version`, of what fills the tables;
        `generation`, of the log that they show.

        Raises ValueError for a bad width, and for `public`, which is shared: the way back drops the schema.
        """
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise ValueError(f"dimensions must be between 1 and {MAX_DIMENSIONS}, not {dimensions}")
        if schema == "public":
            raise ValueError("schema public is shared: relearn needs a schema of its own")
        self.schema = schema
        self.folder = folder
        self.dimensions = dimensions
        self.model = model
        self.version = version
        self.generation = generation
        self.migrations = read_migrations(
            folder if isinstance(folder, Path) else files("migrations") / folder
        )
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("migration.sql"), "asyncpg")

    def beside(self, schema: str) -> Migrator:
        """The same migrations for a schema of another name."""
        return Migrator(schema, self.folder, self.dimensions, self.model, self.version, self.generation)

    async def fitted(self, conn: Connection) -> Migrator:
        """The same migrations for the model and the generation of the schema, where it is of a later one."""
        async with conn.transaction():
            if not await self._enter(conn):
                return self
            await self._sql.complete_projection(conn)
            row = await self._sql.projection(conn)
        if row["generation"] == FIRST:
            return self
        told = (row["dimensions"], row["embedding_model"], self.version, row["generation"])
        return Migrator(self.schema, self.folder, *told)

    async def upgrade(self, conn: Connection, until: str | None = None) -> list[str]:
        """Applies what is not applied yet, up to and including `until`, and returns the names.

        Raises MigrationRefused where the history, the model or the server forbids it.
        """
        wanted = self.migrations[: self._place(until) + 1]
        applied: list[str] = []
        while (name := await self._step_up(conn, wanted)) is not None:
            applied.append(name)
        return applied

    async def downgrade(self, conn: Connection, to: str | None = None) -> list[str]:
        """Takes back all that came after `to`, latest first; without `to`, everything, the schema included.

        The extension goes too if an upgrade brought it and nothing else needs it. Raises
        DependentObjectsStillExistError if the schema holds something that no migration made.
        """
        keep = 0 if to is None else self._place(to) + 1
        reversed_names: list[str] = []
        while (name := await self._step_down(conn, keep)) is not None:
            reversed_names.append(name)
        if to is None:
            await self._remove_schema(conn)
        return reversed_names

    async def reset(self, conn: Connection) -> list[str]:
        """An empty schema, made anew."""
        await self.downgrade(conn)
        return await self.upgrade(conn)

    async def validate(self, conn: Connection) -> Report:
        """Compares the schema with one that is made by the same migrations and rolled back."""
        transaction = conn.transaction()
        await transaction.start()
        try:
            return await self._compare_with_scratch(conn)
        finally:
            await transaction.rollback()

    def _place(self, name: str | None) -> int:
        if name is None:
            return len(self.migrations) - 1
        for place, migration in enumerate(self.migrations):
            if migration.name == name:
                return place
        raise UnknownMigration(self.schema, name)

    async def _step_up(self, conn: Connection, wanted: Sequence[Migration]) -> str | None:
        async with conn.transaction():
            await self._prepare(conn)
            done = len(await self._history(conn))
            if done >= len(wanted):
                return None
            migration = wanted[done]
            await conn.execute(self._sized(migration.up))
            await self._sql.record_migration(conn, name=migration.name, checksum=migration.checksum)
            return migration.name

    async def _step_down(self, conn: Connection, keep: int) -> str | None:
        async with conn.transaction():
            if not await self._enter(conn):
                return None
            done = len(await self._history(conn))
            if done <= keep:
                return None
            migration = self.migrations[done - 1]
            await conn.execute(self._sized(migration.down))
            await self._sql.forget_migration(conn, name=migration.name)
            return migration.name

    def _sized(self, text: str) -> str:
        return DIMENSIONS.sub(str(self.dimensions), text)

    async def _enter(self, conn: Connection) -> bool:
        """Takes the lock and the schema's search_path; tells whether the schema was ever upgraded."""
        await self._sql.lock(conn)
        await self._sql.choose_schema(conn, schema=self.schema)
        return bool(await self._sql.has_history(conn, schema=self.schema))

    async def _prepare(self, conn: Connection) -> None:
        """Takes the lock and makes what every migration stands on, or checks that it fits."""
        is_new = not await self._enter(conn)
        await self._ensure_extension(conn)
        if is_new:
            await conn.execute(await self._sql.create_schema_statement(conn, schema=self.schema))
            await self._sql.create_history(conn)
            await self._sql.remember_projection(
                conn,
                version=self.version,
                model=self.model,
                dimensions=self.dimensions,
                generation=self.generation,
            )
        else:
            await self._sql.complete_projection(conn)
            await self._check_model(conn)

    async def _ensure_extension(self, conn: Connection) -> None:
        version = await self._sql.extension_version(conn)
        if version is None:
            await self._sql.create_extension(conn)
            version = await self._sql.extension_version(conn)
        if tuple(int(number) for number in version.split(".")[:2]) < OLDEST_PGVECTOR:
            raise ExtensionTooOld(version)

    async def _check_model(self, conn: Connection) -> None:
        row = await self._sql.projection(conn)
        found, asked = (row["embedding_model"], row["dimensions"]), (self.model, self.dimensions)
        if found != asked:
            raise OtherModel(self.schema, found, asked)

    async def _history(self, conn: Connection) -> list[str]:
        """The names applied so far. Raises unless they are the folder's first ones, unchanged."""
        rows = [row async for row in self._sql.history(conn)]
        for place, row in enumerate(rows):
            if place >= len(self.migrations) or self.migrations[place].name != row["name"]:
                raise UnknownMigration(self.schema, row["name"])
            if self.migrations[place].checksum != row["checksum"]:
                raise ChangedMigration(self.schema, f"{row['name']}.up.sql")
        return [row["name"] for row in rows]

    async def _remove_schema(self, conn: Connection) -> None:
        async with conn.transaction():
            if not await self._enter(conn):
                return
            await self._sql.drop_history(conn)
            await conn.execute(await self._sql.drop_schema_statement(conn, schema=self.schema))
            if await self._sql.extension_is_ours(conn):
                await self._drop_unused_extension(conn)

    async def _drop_unused_extension(self, conn: Connection) -> None:
        try:
            async with conn.transaction():
                await self._sql.drop_extension(conn)
        except DependentObjectsStillExistError:
            return

    async def _compare_with_scratch(self, conn: Connection) -> Report:
        if not await self._enter(conn):
            return Report(0, [f"schema {self.schema} was never upgraded"])
        reader = CatalogReader()
        try:
            history = await self._history(conn)
            await self._check_model(conn)
        except MigrationRefused as refusal:
            return Report(0, [str(refusal)])
        found = await reader.read(conn, self.schema)
        scratch = self.beside(f"relearn_scratch_{await self._sql.backend_pid(conn)}")
        await scratch.upgrade(conn)
        report = compare(await reader.read(conn, scratch.schema), found)
        pending = [
            f"migration {migration.name} is not applied" for migration in self.migrations[len(history) :]
        ]
        return Report(report.tables, [*pending, *report.issues])
