"""`crowncap replay` and `crowncap thaw`: after a restore."""

from typing import Any

import click

from core.auth.audit import record_action
from core.auth.principal import OPERATOR
from core.errors import Conflict
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, errors, with_shell
from crowncap.recovery import store
from crowncap.recovery.replay import find_forgotten, replay, tell
from rewards.store.holds import keep_for_review

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@cli.command("replay")
@yes_option
@with_shell
async def replay_journal(shell: Shell, *, yes: bool) -> dict[str, Any]:
    """Do voids, recalls, revoked tokens and ended epochs again that a restore forgot.

    They are read from changes.jsonl beside the high-water mark; put the newest one that
    you have there first.
    """
    high_water = shell.issuance.high_water
    async with shell.engine.connect() as conn:
        forgotten = await find_forgotten(conn, high_water)
    for entry in forgotten:
        errors.print(tell(entry), markup=False)
    if not forgotten:
        errors.print("This database lacks nothing that the journal holds.")
    elif not yes:
        click.confirm(f"Do these {len(forgotten)} again?", abort=True, err=True)
    async with shell.engine.begin() as conn:
        done = await replay(conn, high_water, now=shell.now())
    return {"done": list(done.done), "left": list(done.left)}


@cli.command("thaw")
@yes_option
@click.option(
    "--keep-held",
    is_flag=True,
    help="Leave every reward that was held meanwhile to a person.",
)
@with_shell
async def thaw_installation(
    shell: Shell, *, yes: bool, keep_held: bool
) -> dict[str, Any]:
    """Let a restored installation pay again, once you know what that means."""
    async with shell.engine.connect() as conn:
        frozen = await store.load_freeze(conn)
        if frozen is None:
            raise Conflict("This installation is not frozen; there is nothing to thaw.")
        held, known = await store.count_frozen_holds(conn)
        waiting = await find_forgotten(conn, shell.issuance.high_water)
    if waiting:
        raise Conflict(
            f"{len(waiting)} voids, recalls, revocations or ends of epochs are still "
            "forgotten; run: crowncap replay. What it cannot do again it says, and you "
            "do by hand."
        )
    errors.print(_meaning(frozen, held, known, keep_held=keep_held), markup=False)
    if not yes:
        click.confirm("Thaw?", abort=True, err=True)
    async with shell.engine.begin() as conn:
        kept = await store.find_holds_to_keep(
            conn, frozen_since=frozen.at if keep_held else None
        )
        if kept:
            await keep_for_review(conn, kept)
        await store.thaw(conn)
        await record_action(
            conn,
            OPERATOR,
            action="installation.thaw",
            subject="installation",
            detail={"why_frozen": frozen.why, "kept_for_a_person": len(kept)},
            now=shell.now(),
        )
    return {"state": "thawed", "held": held, "kept_for_a_person": len(kept)}


def _meaning(frozen: store.Freeze, held: int, known: int, *, keep_held: bool) -> str:
    """Say what thawing will mean, in numbers, and what nobody can know."""
    released = 0 if keep_held else held - known
    forgets = "at a time that is not known"
    if frozen.forgets_until is not None:
        since = frozen.forgets_from or "the beginning"
        forgets = f"from {since} to {frozen.forgets_until}"
    return (
        f"{frozen.why}\n"
        f"{held} rewards were held since. {released} of them are decided again by "
        f"the rules and paid if these pass; {held - released} wait for a person, "
        f"{known} of them for codes that are known to have been claimed before.\n"
        f"Codes that were claimed {forgets}, which neither this machine's files nor "
        "Redis knew, look unclaimed: whoever scans one is paid once more. "
        "--keep-held leaves to a person what was held meanwhile."
    )
