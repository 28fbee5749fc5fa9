"""`crowncap batch …` and `crowncap code …`."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final, ParamSpec, TypeVar

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TimeRemainingColumn,
)

from codegen import pipeline as codes
from codegen.domain.batches import Preview, Selection
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import RangeState
from codegen.domain.recalls import RecallScope
from codegen.pipeline import ChangeRequest
from codegen.pipeline.new_batch import NewBatch, order_from
from codegen.pipeline.views import view_batch
from core.auth.audit import record_action
from core.auth.principal import OPERATOR
from core.bodies import take_fields
from core.errors import InvalidInput
from core.terminal import printable
from crowncap.cli.asking import ASKED_ABOVE, ask_before, yes_option
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, errors, with_shell
from crowncap.demo import is_demo
from printer_export.domain.packages.rows import PRINTED, Preset
from printer_export.files.writing import WrittenFile
from printer_export.pipeline.packages.exports import ExportOrder, export_batch

# A shell says so of a program that a signal ended.
_SIGNALLED: Final = 128

P = ParamSpec("P")
R = TypeVar("R")


@cli.group()
def batch() -> None:
    """Issue, export, activate, void and recall batches of codes."""


@batch.command("issue")
@click.option("--quantity", required=True, type=int)
@click.option("--gtin")
@click.option("--campaign", "campaign_id")
@click.option("--lot")
@click.option("--produced-on", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--sale-region", "sale_regions", multiple=True, help="Like CN-31.")
@click.option("--line")
@click.option("--link-base", help="Like HTTPS://BRAND.CN; default: the public URL.")
@click.option("--link-form", type=click.Choice([f.value for f in LinkForm]))
@with_shell
async def issue(shell: Shell, **options: Any) -> Any:
    """Issue a batch of fresh codes."""
    produced_on: datetime | None = options.pop("produced_on")
    given = {k: v for k, v in options.items() if v not in (None, ())}
    if produced_on is not None:
        given["produced_on"] = produced_on.date()
    data = take_fields(given, NewBatch)
    async with shell.engine.begin() as conn:
        issued = await codes.issue_batch(
            conn,
            shell.issuance,
            order_from(data, shell.issuance),
            OPERATOR,
            now=shell.now(),
        )
        return view_batch(issued, shell.issuance)


@batch.command("export")
@click.argument("batch_id", type=int)
@click.option("--preset", required=True, type=click.Choice([p.value for p in PRINTED]))
@click.option("--out", required=True, type=click.Path(path_type=Path))
@with_shell
async def export(shell: Shell, batch_id: int, preset: str, out: Path) -> Any:
    """Write a batch's codes to a file in the directory --out."""
    order = ExportOrder(batch_id, Preset(preset), out)
    with (
        _stopping("The export was stopped; no file was left, and nothing is exported."),
        Progress(
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        ) as progress,
    ):
        task = progress.add_task("Exporting", total=None)
        written: WrittenFile | None = None
        try:
            async with shell.engine.begin() as conn:
                written = await export_batch(
                    conn,
                    shell.issuance.key_file.load(),
                    order,
                    OPERATOR,
                    now=shell.now(),
                    link_hosts=shell.issuance.link_hosts,
                    may_repeat=await is_demo(conn),
                    progress=lambda rows, total: progress.update(
                        task, completed=rows, total=total
                    ),
                )
        except BaseException:
            if written is not None:
                # It could not be committed, so nobody knows of it.
                with suppress(OSError):
                    os.unlink(written.path)  # noqa: PTH108 - a last act
            raise
        return {
            "path": printable(str(written.path)),
            "rows": written.rows,
            "sha256": written.sha256,
        }


@contextmanager
def _stopping(sentence: str) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM cancel what runs; then say so, with status 130 or 143."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None, "commands run in a task"
    heard: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        task.cancel()
        # Wake the loop, should it wait for something.
        loop.call_soon_threadsafe(lambda: None)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except asyncio.CancelledError:
        errors.print(sentence, style="yellow", soft_wrap=True)
        raise click.exceptions.Exit(_SIGNALLED + heard[0] if heard else 1) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _range_options(command: Callable[P, R]) -> Callable[P, R]:
    for name in ("--to-index", "--from-index"):
        command = click.option(name, type=int, help="0-based and inclusive.")(command)
    return click.argument("batch_id", type=int)(command)


@batch.command("activate")
@_range_options
@with_shell
async def activate(
    shell: Shell, batch_id: int, from_index: int | None, to_index: int | None
) -> Any:
    """Activate a batch or a part of it with what the batch was issued for."""
    return await _change(
        shell, batch_id, RangeState.ACTIVATED, Selection(None, from_index, to_index)
    )


def _final_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add what a change that is final asks for."""
    command = click.option(
        "--dry-run", is_flag=True, help="Only say what it would do."
    )(command)
    whole = f"The whole batch; needed past {ASKED_ABOVE:,} codes."
    command = click.option("--all", "whole", is_flag=True, help=whole)(command)
    return yes_option(_range_options(command))


@dataclass(frozen=True, slots=True)
class _Ending:
    """Codes of a batch to void or recall, and how sure the caller is."""

    state: RangeState
    batch_id: int
    from_index: int | None
    to_index: int | None
    whole: bool
    yes: bool

    @property
    def selection(self) -> Selection:
        """Name the codes."""
        return Selection(None, self.from_index, self.to_index)

    async def preview(self, shell: Shell) -> Preview:
        """Tell what it would do now."""
        request = ChangeRequest(self.batch_id, self.selection, self.state)
        async with shell.engine.connect() as conn:
            keys = shell.issuance.key_file.load()
            return await codes.preview_codes(conn, keys, request, OPERATOR)

    async def ask(self, shell: Shell) -> None:
        """Say what it would do, and ask; raises InvalidInput or Abort."""
        preview = await self.preview(shell)
        named = self.from_index is not None or self.to_index is not None
        if named and self.whole:
            raise InvalidInput("Say either --all or which indexes, not both.")
        if not named and not self.whole and preview.would_change > ASKED_ABOVE:
            raise InvalidInput(
                f"That would be all {preview.would_change:,} codes of batch "
                f"{self.batch_id}; nothing was done. Say --all if that is meant, or "
                "--from-index and --to-index."
            )
        kept = ", ".join(f"{s.quantity:,} {s.reason}" for s in preview.skipped)
        ask_before(
            f"{preview.would_change:,} codes of batch {self.batch_id} become "
            f"{self.state}, for good; {preview.unchanged:,} stay as they are"
            f"{f' ({kept})' if kept else ''}.",
            yes=self.yes,
            quantity=preview.would_change,
        )


@batch.command("void")
@click.option("--reason", default="command line")
@_final_options
@with_shell
async def void(
    shell: Shell, batch_id: int, reason: str, *, dry_run: bool, **named: Any
) -> Any:
    """Make a batch or a part of it void, for good."""
    ending = _Ending(RangeState.VOID, batch_id, **named)
    if dry_run:
        return await ending.preview(shell)
    await ending.ask(shell)
    return await _change(shell, batch_id, RangeState.VOID, ending.selection, reason)


@batch.command("recall")
@click.option("--reason", default="command line")
@click.option(
    "--instructions", default="请勿饮用，请联系客服。 Do not consume; contact us."
)
@_final_options
@with_shell
async def recall(
    shell: Shell,
    batch_id: int,
    reason: str,
    instructions: str,
    *,
    dry_run: bool,
    **named: Any,
) -> Any:
    """Recall a batch or a part of it, for good; the operator needs no second person."""
    ending = _Ending(RangeState.RECALLED, batch_id, **named)
    if dry_run:
        return await ending.preview(shell)
    await ending.ask(shell)
    async with shell.engine.begin() as conn:
        changed = await codes.recall_scope(
            conn,
            RecallScope(batch_id, None, ending.from_index, ending.to_index),
            reason=reason,
            instructions=instructions,
            staff=OPERATOR,
        )
        await record_action(
            conn,
            OPERATOR,
            action="batch.recall",
            subject=f"batch:{batch_id}",
            detail={"changed": changed, "reason": reason},
            now=shell.now(),
        )
    return {"batch_id": batch_id, "changed": changed}


async def _change(
    shell: Shell,
    batch_id: int,
    state: RangeState,
    selection: Selection,
    reason: str = "",
) -> Any:
    async with shell.engine.begin() as conn:
        return await codes.change_codes(
            conn,
            shell.issuance.key_file.load(),
            ChangeRequest(batch_id, selection, state, reason),
            OPERATOR,
            now=shell.now(),
        )


@cli.group("code")
def code_group() -> None:
    """Look at single codes."""


@code_group.command("open")
@click.argument("code")
@with_shell
async def open_one(shell: Shell, code: str) -> dict[str, Any]:
    """Say what a code is."""
    async with shell.engine.connect() as conn:
        keys = shell.issuance.key_file.load()
        return await codes.describe_code(conn, keys, code)
