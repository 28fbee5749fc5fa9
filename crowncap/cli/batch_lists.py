"""`crowncap batch list`, `batch show` and `product list`: what there is."""

from typing import Any

import click

from codegen import store as codes_store
from codegen.domain.batches import Batch, BatchFilter
from codegen.domain.gtin import read_gtin
from codegen.domain.ranges import RangeState
from codegen.pipeline import get_counted_batch, list_batches
from codegen.pipeline.views import view_batch
from core.auth.principal import OPERATOR
from core.bounds import MAX_PAGE
from crowncap.cli.batches import batch
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, with_shell


@batch.command("list")
@click.option("--state", type=click.Choice([state.value for state in RangeState]))
@click.option("--line")
@click.option("--gtin")
@click.option("--before", type=int, help="Only batches older than this number.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, MAX_PAGE)
)
@with_shell
async def list_(
    shell: Shell,
    state: str | None,
    line: str | None,
    gtin: str | None,
    before: int | None,
    limit: int,
) -> list[dict[str, Any]]:
    """List batches, newest first; --state keeps those with codes in that state."""
    wanted = BatchFilter(
        None if state is None else RangeState(state),
        line,
        None if gtin is None else read_gtin(gtin),
    )
    async with shell.engine.connect() as conn:
        found = await list_batches(
            conn, OPERATOR, wanted, before_id=before, limit=limit
        )
    return [_line_of(each) for each in found]


def _line_of(found: Batch) -> dict[str, Any]:
    """Word a batch in one line."""
    return {
        "batch_id": found.batch_id,
        "state": found.state,
        "quantity": found.quantity,
        "counts": {state: count for state, count in found.counts.items() if count},
        "gtin": found.gtin,
        "lot": found.lot,
        "line": found.line,
        "campaign_id": found.campaign_id,
        "issued_at": found.issued_at,
    }


@batch.command("show")
@click.argument("batch_id", type=int)
@with_shell
async def show(shell: Shell, batch_id: int) -> Any:
    """Show a batch with its codes counted by state."""
    async with shell.engine.connect() as conn:
        found = await get_counted_batch(conn, batch_id, OPERATOR)
    return view_batch(found, shell.issuance)


@cli.group()
def product() -> None:
    """List products."""


@product.command("list")
@with_shell
async def list_products(shell: Shell) -> list[Any]:
    """List products by GTIN."""
    async with shell.engine.connect() as conn:
        return await codes_store.list_products(conn)
