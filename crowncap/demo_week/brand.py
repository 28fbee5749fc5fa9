"""What the brand of the demo's week tells consumers, and what they told it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store as codes
from codegen.domain.batches import Batch
from codegen.domain.brand_kits import BrandKit
from core.clock import to_ms
from core.ids import first_id_at
from crowncap.demo import BRAND
from crowncap.demo_week.calendar import Week
from crowncap.demo_week.goods import CAMPAIGN
from crowncap.demo_week.shoppers import LEAKED
from rewards.domain.campaigns import NewCampaign
from rewards.store.campaigns import insert_campaign
from scan_api.domain.fakes import FakeReport, make_reference
from scan_api.store.fakes import insert_report

POINTS: Final = 5
_KIT: Final = BrandKit(
    BRAND,
    name_zh="示例乳业",
    name_en=BRAND,
    hotline="400-000-0000",
    wechat="示例乳业服务号",
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a consumer took for a fake; `index` is of a cap of the first batch."""

    day: int
    hour: int
    place: str
    note: str
    index: int | None = None
    seen: str | None = None


_FAKES: Final = (
    _Told(
        4,
        12,
        "杭州文三路菜市场",
        "瓶盖里的二维码是贴上去的，扫出来是别的网站。",
        seen="http://milk-points.example/q?id=88213",
    ),
    _Told(
        5,
        19,
        "Chengdu, night market",
        "The milk tastes thin and the print on the cap rubs off.",
    ),
    # One of those that leaked, and that somebody has claimed far away by then.
    _Told(7, 21, "苏州万家超市", "刚买的，说已经有人领过了。", index=LEAKED[2]),
)


async def open_campaign(conn: AsyncConnection, week: Week) -> None:
    """Begin the week's campaign; the demo's other one begins with the first start."""
    begin = week.at(0, 0)
    await insert_campaign(
        conn,
        NewCampaign(
            CAMPAIGN,
            "A week of milk",
            POINTS,
            begin,
            budget=100_000,
            daily_cap=500,
            brand=BRAND,
        ),
        now=begin,
    )


async def introduce(conn: AsyncConnection, week: Week) -> None:
    """Give the brand names and contacts, unless somebody has; the fence is held."""
    if await codes.find_kit(conn, BRAND) is None:
        await codes.put_kit(conn, _KIT, None, now=week.at(0, 8, 30))


async def hear_of_fakes(conn: AsyncConnection, week: Week, batch: Batch) -> None:
    """Write down what consumers took for fakes."""
    for number, told in enumerate(_FAKES):
        code_id = None if told.index is None else batch.first_code_id + told.index
        await insert_report(
            conn,
            FakeReport(
                first_id_at(to_ms(week.at(told.day, told.hour, 7 * number))),
                make_reference(310_402_933_177 + number * 7_919_005_131),
                code_id,
                told.seen,
                BRAND,
                told.place,
                told.note,
                "en" if told.place.isascii() else "zh",
            ),
        )
