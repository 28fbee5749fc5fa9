"""What rewards is told of codes and goods, of which it knows nothing itself."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.regions import find_region
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from codegen.domain.terms import RangeTerms
from codegen.keyring import MasterKeyFile
from codegen.pipeline import may_see_code
from codegen.store import find_batch, find_product, load_ranges_of_codes
from core.auth.principal import Staff
from rewards.domain.claim_facts import ClaimEvidence
from rewards.pipeline.previews import Goods, PreviewWish
from scan_api.store.claim_facts import count_claims


@dataclass(frozen=True, slots=True)
class GoodsFinder:
    """Finds what a preview is of: a code, or goods by their numbers."""

    key_file: MasterKeyFile

    async def find(
        self, conn: AsyncConnection, wish: PreviewWish, staff: Staff, at: datetime
    ) -> Goods | None:
        """Tell what is known; None for what is no code of ours, or another's."""
        if wish.code is not None:
            return await self._find_code(conn, wish, wish.code, staff, at)
        batch = None
        if wish.batch_id is not None:
            batch = await find_batch(conn, wish.batch_id)
            if batch is None or staff.brand not in {None, batch.brand}:
                return None
        gtin = wish.gtin or (batch.gtin if batch else None)
        product = await find_product(conn, gtin) if gtin else None
        if gtin is not None and product is None:
            return None
        brand = (batch.brand if batch else None) or (product and product.brand)
        evidence = ClaimEvidence(
            at,
            gtin=gtin,
            brand=brand or None,
            batch_id=wish.batch_id,
            lot=wish.lot or (batch.lot if batch else None),
            line=batch.line if batch else None,
            sale_regions=batch.sale_regions if batch else (),
            scan_region=_region(wish),
        )
        bound = batch.campaign_id if batch else None
        return Goods(0, bound, evidence, _count_claims)

    async def _find_code(
        self,
        conn: AsyncConnection,
        wish: PreviewWish,
        given: str,
        staff: Staff,
        at: datetime,
    ) -> Goods | None:
        code_text = parse_scanned(given).code_text
        code_id = (
            None if code_text is None else open_code(self.key_file.load(), code_text)
        )
        if code_id is None or not await may_see_code(conn, code_id, staff):
            return None
        rows = await load_ranges_of_codes(conn, [code_id])
        if not rows:
            return None
        terms = rows[0].terms
        evidence = replace(await _evidence(conn, terms, at), scan_region=_region(wish))
        return Goods(code_id, terms.binding.campaign_id, evidence, _count_claims)


def _region(wish: PreviewWish) -> str | None:
    """Read a region as scans are read, by any of its codes."""
    return wish.region and (find_region(wish.region) or wish.region)


async def _count_claims(conn: AsyncConnection, member_no: int) -> int:
    """Count what a member has claimed, on the driver's own connection."""
    driver = (await conn.get_raw_connection()).driver_connection
    assert driver is not None, "it is in use"
    return (await count_claims(driver, [member_no]))[member_no]


async def _evidence(
    conn: AsyncConnection, terms: RangeTerms, at: datetime
) -> ClaimEvidence:
    bound = terms.binding
    gtin = bound.gtin or terms.printed_gtin
    product = await find_product(conn, gtin) if gtin else None
    return ClaimEvidence(
        at,
        gtin=gtin,
        brand=terms.brand or (product.brand if product else None),
        batch_id=terms.batch_id,
        lot=bound.lot,
        plant=bound.plant,
        line=bound.line,
        sale_regions=bound.sale_regions,
    )
