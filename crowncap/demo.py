"""The demo: a brand with a product, a campaign, caps to scan, and caps to print."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store as codes
from codegen.domain import cap_link
from codegen.domain.batches import Batch, BatchOrder, Selection, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.keys import EpochKeys
from codegen.domain.products import Product
from codegen.domain.ranges import RangeState
from codegen.domain.sealing import seal_code
from codegen.pipeline import (
    ChangeRequest,
    Issuance,
    change_codes,
    issue_batch,
)
from core.auth.principal import OPERATOR
from core.clock import Clock, utc_datetime
from core.fence import take_fence
from rewards.domain.campaigns import NewCampaign
from rewards.store.active_campaigns import load_campaigns
from rewards.store.campaigns import insert_campaign

GTIN = "06901234567892"
CAMPAIGN = "demo-points"
BRAND = "Demo Dairy"
PRODUCT = "有机纯牛奶 Organic Milk 250 ml"
QUANTITY = 100_000
_ROLLS = 4
CODES_PER_ROLL = 5_000


def leak_path(data_dir: Path) -> Path:
    """Name the file of codes that leaked in the week behind the demo."""
    return data_dir / "demo-leak.txt"


async def is_demo(conn: AsyncConnection) -> bool:
    """Tell whether this installation is a demo, by the campaign that only it has."""
    return CAMPAIGN in await load_campaigns(conn)


@dataclass(frozen=True, slots=True)
class DemoCap:
    """A cap that nobody has claimed yet, as far as this start knows."""

    code_text: str
    link: str


async def seed_demo(conn: AsyncConnection, issuance: Issuance, clock: Clock) -> None:
    """Add the demo's product, campaign and two batches, once.

    The codes of one are active as if the caps were in the shops; those of the other
    wait for a printer.
    """
    now = utc_datetime(clock.now_ms())
    if await is_demo(conn):
        return
    await take_fence(conn)
    await codes.insert_product(
        conn, Product(GTIN, PRODUCT, BRAND, shelf_life_days=180), now=now
    )
    await insert_campaign(
        conn,
        NewCampaign(CAMPAIGN, "Points under every cap", 5, now, daily_cap=1_000_000),
        now=now,
    )
    in_shops = await issue_batch(
        conn, issuance, _order(issuance, "DEMO-1", QUANTITY), OPERATOR, now=now
    )
    await change_codes(
        conn,
        issuance.key_file.load(),
        ChangeRequest(in_shops.batch_id, Selection(), RangeState.ACTIVATED),
        OPERATOR,
        now=now,
    )
    rolls = tuple(
        Unit(f"roll-{n + 1}", n * CODES_PER_ROLL, (n + 1) * CODES_PER_ROLL - 1)
        for n in range(_ROLLS)
    )
    to_print = _order(issuance, "DEMO-2", _ROLLS * CODES_PER_ROLL, rolls)
    await issue_batch(conn, issuance, to_print, OPERATOR, now=now)


def _order(
    issuance: Issuance, lot: str, quantity: int, units: tuple[Unit, ...] = ()
) -> BatchOrder:
    return BatchOrder.check(
        quantity=quantity,
        link_base=issuance.link_base,
        link_form=LinkForm.SHORT,
        gtin=GTIN,
        campaign_id=CAMPAIGN,
        lot=lot,
        sale_regions=("CN-31",),
        units=units,
    )


def pick_cap(batch: Batch, keys: EpochKeys, number: int) -> DemoCap:
    """Draw a cap of a batch; another `number`, another cap."""
    code_text = seal_code(keys, batch.first_code_id + number % batch.quantity)
    assert code_text is not None
    link = cap_link(batch.link_base, batch.link_form, batch.gtin, code_text)
    return DemoCap(code_text, link)
