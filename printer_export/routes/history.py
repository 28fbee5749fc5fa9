"""HTTP of one code's way from issue to paper; it never shows the code itself."""

from litestar import get
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.pipeline import get_batch
from core.auth import Principal, Role, require_role
from printer_export.pipeline.history import ProductionHistory, load_production_history


@get(
    "/v1/batches/{batch_id:int}/codes/{index:int}",
    summary="Tell what happened to one code",
    tags=["line reports"],
)
async def show_code_history(
    batch_id: int, index: int, principal: Principal, engine: AsyncEngine
) -> ProductionHistory:
    """Tell when a code was issued, packaged, downloaded, and what lines reported."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
    async with engine.connect() as conn:
        batch = await get_batch(conn, batch_id, staff)
        return await load_production_history(conn, batch, index)
