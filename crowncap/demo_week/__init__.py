"""A week behind the demo: goods, scans, a burst, and a leak, so that pages show some.

What it holds is the same each time but for the keys. It is added once, in two steps
that a crash may come between: all but the scans is one transaction, which the week's
campaign tells from none; each scan has an id that its planned time makes, and those
that are missing are added at the next start.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from core.errors import Conflict
from core.fence import take_fence
from core.redis import RedisClient
from core.settings import Settings
from crowncap.demo_week.brand import hear_of_fakes, introduce, open_campaign
from crowncap.demo_week.calendar import Week
from crowncap.demo_week.goods import CAMPAIGN, Goods, find_goods
from crowncap.demo_week.leak import write_leak
from crowncap.demo_week.past import in_the_past
from crowncap.demo_week.people import People
from crowncap.demo_week.rules import try_rules
from crowncap.demo_week.scans import Shops
from crowncap.packaging import packaging_of
from printer_export.pipeline.packages.orders import Packaging
from rewards.store.active_campaigns import load_campaigns

__all__ = ["seed_week"]


async def seed_week(
    engine: AsyncEngine,
    redis: RedisClient,
    settings: Settings,
    database_url: str,
    *,
    now: datetime,
) -> None:
    """Add what is missing of the week before `now`, or before the first such start.

    Raises Conflict where somebody has a campaign of that name, or what a pipeline
    raises where somebody made the demo something else.
    """
    packaging = packaging_of(settings)
    async with engine.connect() as conn:
        begun = CAMPAIGN in await load_campaigns(conn)
    if not begun:
        await _make_goods(engine, packaging, Week.before(now, settings.timezone), now)
    async with engine.connect() as conn:
        batches = await find_goods(conn)
    if not batches:
        raise Conflict(f"Campaign {CAMPAIGN} is somebody's own, so no week is added.")
    week = Week.that_began(batches[0].issued_at, settings.timezone)
    key_file = packaging.issuance.key_file
    shops = Shops(engine, redis, database_url, key_file, settings)
    await shops.scan(week, batches)
    write_leak(settings.data_dir, key_file.load(), batches[0])


async def _make_goods(
    engine: AsyncEngine, packaging: Packaging, week: Week, now: datetime
) -> None:
    async with in_the_past(engine) as past:
        begin = await past.go_to(week.at(0, 0))
        await take_fence(past.conn)
        await open_campaign(past.conn, week)
        await introduce(past.conn, week)
        people = await People.hire(past.conn, now=begin)
        await Goods(past, packaging, week, people).make(now=now)
        await hear_of_fakes(past.conn, week, (await find_goods(past.conn))[0])
        await try_rules(past.conn, week, people.analyst, now=now)
