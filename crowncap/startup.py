"""What must be true before anything is served: schema, keys, rules, demo."""

from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.pipeline.rule_sets import install_shipped_rules
from codegen.pipeline import check_keys, open_first_epoch
from codegen.store import load_epoch_states
from core.auth.members import MemberVerifier
from core.clock import Clock, utc_datetime
from core.db import create_engine
from core.errors import Fault, MisconfiguredError
from core.outbox import begin_era, is_of_older_server
from core.redis import connect
from core.settings import Settings
from crowncap.demo import seed_demo
from crowncap.embedded import ServerUrls
from crowncap.recovery.freezing import check_fingerprints, look_back, restored_marker
from crowncap.secret_boxes import BoxInfo, open_box
from crowncap.server_urls import issuance_of
from rewards.pipeline.draws.secrets import DrawSecrets

log = structlog.get_logger(logger_name=__name__)


async def prepare(settings: Settings, urls: ServerUrls, clock: Clock) -> str | None:
    """Bring keys, rules and the demo in place; raises MisconfiguredError.

    Gives a sentence when the installation is frozen.
    """
    issuance = issuance_of(settings)
    engine = create_engine(urls.database_url)
    redis = connect(urls.redis_url, timeout_s=5)
    try:
        async with engine.begin() as conn:
            now = utc_datetime(clock.now_ms())
            if await load_epoch_states(conn):
                await check_keys(conn, issuance.key_file.load())
            else:
                await open_first_epoch(conn, issuance.key_file, now=now)
            await check_fingerprints(conn, settings)
            frozen = await look_back(
                conn, redis, issuance.high_water, settings.data_dir / "claims", now=now
            )
            if await is_of_older_server(conn):
                await begin_era(conn)
            await install_rules(conn, now=now)
            if settings.demo:
                await seed_demo(conn, issuance, clock)
        restored_marker(issuance.high_water).unlink(missing_ok=True)
        # Frozen, it would be a week of claims that are held.
        if settings.demo_week and frozen is None:
            # A third of a second to import, which no other start needs to pay.
            from crowncap.demo_festival import seed_festival  # noqa: PLC0415 - see above
            from crowncap.demo_week import seed_week  # noqa: PLC0415

            now = utc_datetime(clock.now_ms())
            secrets = DrawSecrets(partial(open_box, settings, BoxInfo.DRAWS))
            try:
                await seed_week(engine, redis, settings, urls.database_url, now=now)
                async with engine.begin() as conn:
                    await seed_festival(conn, issuance, secrets, now=now)
            except Fault as fault:
                # Somebody made the demo something else; it serves all the same.
                log.warning("week_not_seeded", cause=fault)
        return frozen
    finally:
        await redis.close()
        await engine.dispose()


async def install_rules(conn: AsyncConnection, *, now: datetime) -> None:
    """Bring the rules that ship; they judge where nobody has chosen others."""
    version = await install_shipped_rules(conn, now=now)
    if version is not None:
        log.info("rules_installed", version=version)


def check_member_keys(settings: Settings) -> None:
    """Check the brand's member keys; the installation's own belong to its database."""
    if settings.member_jwks is not None:
        MemberVerifier.from_file(settings.member_jwks)
    elif settings.database_url is not None:
        raise MisconfiguredError(
            "Set CROWNCAP_MEMBER_JWKS to the file of your members' verification keys; "
            "only the demo and embedded servers mint their own."
        )
