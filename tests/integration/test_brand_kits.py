"""A brand's kit is its own staff's, and is written whole or not at all."""

from dataclasses import replace

import pytest

from codegen.domain.brand_kits import BrandKit
from codegen.pipeline import get_kit, write_kit
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Forbidden, InvalidInput, NotFound
from tests.fixtures.ground import CLOCK, Ground

KIT = BrandKit("Dairy", "乳业", "Dairy")
OF_ANOTHER = replace(OPERATOR, brand="Other")
NO_LOGO = "data:image/png;base64,none"


async def test_a_kit_of_another_brand_is_refused_whatever_else_is_wrong(
    ledger: Ground,
) -> None:
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.connect() as conn:
        with pytest.raises(Forbidden):
            await write_kit(conn, KIT, NO_LOGO, OF_ANOTHER, now=now)
        with pytest.raises(Forbidden):
            await get_kit(conn, "Dairy", OF_ANOTHER)


async def test_a_wrong_picture_leaves_the_kit_as_it_was(ledger: Ground) -> None:
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        with pytest.raises(InvalidInput):
            await write_kit(conn, KIT, NO_LOGO, OPERATOR, now=now)
    async with ledger.engine.connect() as conn:
        with pytest.raises(NotFound):
            await get_kit(conn, "Dairy", OPERATOR)
