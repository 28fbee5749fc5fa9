"""`crowncap draw …`: draws a published draw again."""

import asyncio
import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import click

from core.bounds import MAX_TEXT, check_text, refuse
from core.db import create_engine
from core.terminal import printable
from crowncap.cli.output import json_option, print_answer
from crowncap.cli.root import cli
from crowncap.cli.shell import data_dir_option, read_settings
from crowncap.server_urls import server_urls
from rewards.domain.draws.publishing import Verification, Verifier
from rewards.pipeline.draws.publishing import find_drawn, verify_publication

_GZIP: Final = b"\x1f\x8b"
# A line that is longer was never published.
_MAX_LINE: Final = 1 << 20
_LINES_AT_ONCE: Final = 10_000


@cli.group()
def draw() -> None:
    """Draw a published draw again."""


@draw.command("verify")
@click.argument("draw_or_file")
@click.option("--commitment", help="What was published before the draw: 64 hex digits.")
@json_option
@data_dir_option
def verify_draw(
    draw_or_file: str, commitment: str | None, data_dir: Path | None, *, as_json: bool
) -> None:
    """Draw again from a published file, or from the file of a draw by its id.

    A file needs no server, no keys and no settings. Exit status: 0 all is as the rule
    gives it, 1 anything differs.
    """
    known = _read_commitment(commitment)
    path = Path(draw_or_file)
    if path.is_file():
        seen = _verify_file(path, known)
    else:
        refuse(check_text("/draw_or_file", draw_or_file, most=MAX_TEXT))
        seen = asyncio.run(_verify_draw(draw_or_file, known, data_dir))
    print_answer(_tell(seen), as_json=as_json)
    sys.exit(0 if seen.verified else 1)


def _read_commitment(given: str | None) -> bytes | None:
    if given is None:
        return None
    try:
        known = bytes.fromhex(given)
    except ValueError:
        known = b""
    if len(known) != 32:  # noqa: PLR2004 - SHA-256
        raise click.BadParameter("A commitment has 64 hex digits.")
    return known


def _verify_file(path: Path, commitment: bytes | None) -> Verification:
    verifier = Verifier(commitment)
    try:
        with path.open("rb") as file:
            is_closed = file.read(2) == _GZIP
            file.seek(0)
            for lines in _read(gzip.GzipFile(fileobj=file) if is_closed else file):
                verifier.feed(lines)
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        told = f"the compressed file cannot be read to its end: {fault}"
        return Verification(None, (told,))
    return verifier.end()


def _read(file: IO[bytes] | gzip.GzipFile) -> Iterator[list[bytes]]:
    """Read some lines at a time."""
    lines: list[bytes] = []
    while line := file.readline(_MAX_LINE):
        lines.append(line)
        if len(lines) == _LINES_AT_ONCE:
            yield lines
            lines = []
    yield lines


async def _verify_draw(
    draw_id: str, commitment: bytes | None, data_dir: Path | None
) -> Verification:
    engine = create_engine(server_urls(read_settings(data_dir)).database_url)
    try:
        async with engine.connect() as conn:
            found = await find_drawn(conn, draw_id)
        seen = await verify_publication(engine, found)
    finally:
        await engine.dispose()
    if commitment in {None, found.commitment}:
        return seen
    told = "the commitment is not the one that was published before the draw"
    return replace(seen, differences=(*seen.differences, told))


def _tell(seen: Verification) -> dict[str, Any]:
    # What a file says of itself is somebody else's.
    head = seen.header
    return {
        "draw_id": head and printable(head.draw_id),
        "verified": seen.verified,
        "commitment": head and head.commitment,
        "tickets": head and head.tickets,
        "tickets_digest": head and head.tickets_digest,
        "prizes": head and sum(prize.quantity for prize in head.prizes),
        "differences": [printable(each) for each in seen.differences],
    }
