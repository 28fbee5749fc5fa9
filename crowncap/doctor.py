"""`crowncap doctor`: look at everything a start needs, and say what to do about it."""

import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

import migrations
from anti_fraud.domain.incidents import IncidentKind
from anti_fraud.network_data import NetworkData
from anti_fraud.store.incidents import count_open
from codegen.keyring import MasterKeyFile
from codegen.pipeline import check_keys
from core.auth.members import MemberVerifier
from core.clock import SystemClock, to_ms
from core.database_clock import DatabaseClock
from core.db import DATABASE_AWAY, create_engine, why_away
from core.errors import MisconfiguredError
from core.redis import RedisAway, connect
from core.settings import Settings
from crowncap.embedded import EmbeddedServerError
from crowncap.embedded.paths import Places
from crowncap.migrate import revision_of
from crowncap.server_urls import member_keys, server_urls
from printer_export.files.signing import SigningKeyFile

Result = TypeVar("Result")

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_ROOM_BYTES: Final = 1 << 30
_CLOCKS_MS: Final = 2_000
_REDIS_WITHIN_S: Final = 3.0
_DAY_MS: Final = 86_400_000
_OLD_DATA_D: Final = 400


class Wrong(Exception):  # noqa: N818 - a finding, not a fault of ours
    """Something an operator should mend; str() says what, and how."""


class Finding(msgspec.Struct, frozen=True):
    """What one look found; `wrong` is a sentence, empty if nothing is.

    `note` is worth knowing, and nothing that a start would need.
    """

    check: str
    wrong: str = ""
    note: str = ""


class Examination:
    """Looks at one installation, running or not; changes nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self) -> list[Finding]:
        """Look at everything, whatever is wrong with the rest."""
        looks: tuple[tuple[str, Callable[[], Awaitable[str | None]]], ...] = (
            ("data directory", self._look_at_directory),
            ("disk room", self._look_at_room),
            ("key files", self._look_at_keys),
            ("PostgreSQL", self._look_at_postgres),
            ("schema version", self._look_at_schema),
            ("master keys belong to the database", self._look_at_epochs),
            ("clocks", self._look_at_clocks),
            ("Redis", self._look_at_redis),
            ("incidents", self._look_at_incidents),
            ("network data", self._look_at_network_data),
        )
        return [await self._try(name, look) for name, look in looks]

    async def _try(
        self, name: str, look: Callable[[], Awaitable[str | None]]
    ) -> Finding:
        try:
            note = await look()
        except (Wrong, MisconfiguredError, EmbeddedServerError) as fault:
            return Finding(name, str(fault))
        except DATABASE_AWAY as fault:
            return Finding(
                name, f"PostgreSQL does not answer: {why_away(fault)}. {self._start()}"
            )
        except OSError as fault:
            return Finding(name, f"Cannot look: {fault}.")
        return Finding(name, note=note or "")

    async def _look_at_directory(self) -> None:
        directory = self._settings.data_dir
        if not directory.is_dir():
            raise Wrong(f"{directory} is not there. {self._start()}")
        for path in (directory, directory / "keys"):
            found = path.stat()
            if found.st_uid != os.geteuid():
                raise Wrong(
                    f"{path} belongs to user number {found.st_uid}, and you are "
                    f"{os.geteuid()}; run Crowncap and this as its owner."
                )
            if found.st_mode & stat.S_IWOTH:
                raise Wrong(f"Every user can write to {path}; run: chmod o-w {path}")

    async def _look_at_room(self) -> None:
        places = Places.of(self._settings.data_dir)
        for path in dict.fromkeys((places.data_dir, places.home)):
            free = shutil.disk_usage(path).free
            if free < _ROOM_BYTES:
                raise Wrong(
                    f"The disk under {path} has {free >> 20} MiB left; make room "
                    "before PostgreSQL and the keys' files can't be written."
                )

    async def _look_at_keys(self) -> None:
        settings = self._settings
        MasterKeyFile(settings.master_keys).load()
        SigningKeyFile(settings.signing_key).load()
        MemberVerifier.from_file(member_keys(settings))
        own = settings.data_dir / "keys"
        for path in (*own.iterdir(), settings.master_keys, settings.signing_key):
            self._look_at_key(path)

    def _look_at_key(self, path: Path) -> None:
        found = path.stat()
        if found.st_mode & _OTHERS:
            raise Wrong(f"Others can read {path}; run: chmod 600 {path}")
        if found.st_uid != os.geteuid():
            raise Wrong(
                f"{path} belongs to user number {found.st_uid}; run, as root: "
                f"chown {os.geteuid()} {path}"
            )

    async def _look_at_postgres(self) -> None:
        await self._with_engine(DatabaseClock().measure)

    async def _look_at_schema(self) -> None:
        present = await self._with_engine(revision_of)
        script = Path(migrations.__file__).parent
        head = ScriptDirectory(str(script)).get_current_head()
        if present != head:
            raise Wrong(
                f"The database has version {present or 'none'}, and this program "
                f"needs {head}; back up, then migrate as docs/operations.md says. "
                "A newer database needs the newer program."
            )

    async def _look_at_epochs(self) -> None:
        keys = MasterKeyFile(self._settings.master_keys).load()

        async def check(engine: AsyncEngine) -> None:
            async with engine.connect() as conn:
                await check_keys(conn, keys)

        await self._with_engine(check)

    async def _look_at_clocks(self) -> None:
        clock = DatabaseClock()
        await self._with_engine(clock.measure)
        ahead_ms = SystemClock().now_ms() - clock.now_ms()
        if abs(ahead_ms) > _CLOCKS_MS:
            raise Wrong(
                f"This machine's clock is {ahead_ms / 1000:+.1f} s off PostgreSQL's; "
                "see that both machines run a time service."
            )

    async def _look_at_redis(self) -> None:
        url = server_urls(self._settings).redis_url
        try:
            redis = connect(url, timeout_s=_REDIS_WITHIN_S)
        except ValueError:
            raise Wrong(
                "CROWNCAP_REDIS_URL can't be read; write it like "
                "redis://:password@host:6379/0"
            ) from None
        try:
            await redis.call(b"PING")
        except RedisAway as fault:
            raise Wrong(
                f"Redis does not answer: {fault.__cause__}. {self._start()}"
            ) from None
        finally:
            await redis.close()

    async def _look_at_incidents(self) -> str:
        async def count(engine: AsyncEngine) -> dict[IncidentKind, int]:
            async with engine.connect() as conn:
                return await count_open(conn)

        found = await self._with_engine(count)
        if not found:
            return ""
        told = ", ".join(f"{number} {kind.value}" for kind, number in found.items())
        return f"open: {told}; analysts close them: GET /v1/incidents?state=open"

    async def _look_at_network_data(self) -> str:
        """Tell what data is in use and how old it is; old files are wrong."""
        files = self._settings.network_data
        now_ms = SystemClock().now_ms()
        told = []
        for place, source in enumerate(NetworkData.open(files).sources):
            days = (now_ms - to_ms(source.built_at)) // _DAY_MS
            told.append(f"{source.name} of {source.built_at:%Y-%m-%d}, {days} d old")
            if place < len(files) and days > _OLD_DATA_D:
                raise Wrong(
                    f"{files[place]} of CROWNCAP_NETWORK_DATA is {days} days old, and "
                    "addresses change hands; bring a newer file and renew the workers."
                )
        return "; ".join(told)

    async def _with_engine(
        self, work: Callable[[AsyncEngine], Awaitable[Result]]
    ) -> Result:
        engine = create_engine(server_urls(self._settings).database_url, pool_size=1)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    def _start(self) -> str:
        """Say how what is away comes back."""
        if self._settings.database_url is not None:
            return "Start it, or correct CROWNCAP_DATABASE_URL and CROWNCAP_REDIS_URL."
        return f"Start it with: crowncap up --data-dir {self._settings.data_dir}"
