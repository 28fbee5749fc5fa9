"""`crowncap print simulate`: a printer to try a package on, before there is a line."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from crowncap.cli.printing import print_group
from crowncap.cli.shell import check_options, errors
from feeder.simulators.faults import FAULTS, Fault, parse_fault
from feeder.simulators.paper import BlankRoll, Roll, file_roll
from feeder.simulators.printer import DIALECTS, Make, SimulatedPrinter

_FAULTS_HELP = "\b\n" + "\n".join(
    f"  {kind:<14} {meaning}" for kind, meaning in FAULTS.items()
)


@print_group.command(
    "simulate",
    help="Be a printer: speak its protocol on a port, and print on a roll of paper.\n\n"
    "Ctrl-C ends it. The last line on stdout is one JSON object. Faults are written "
    "KIND@N or KIND@N:S, after product N, for S seconds (1):\n\n" + _FAULTS_HELP,
)
@click.argument("language", type=click.Choice(list(DIALECTS)))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9100,
    show_default=True,
    help="0: any free one.",
)
@click.option("--speed", default=100.0, show_default=True, help="Codes a second.")
@click.option("--buffer", default=200, show_default=True, help="Codes it holds.")
@click.option(
    "--roll",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The paper: a JSON object a product, appended. It holds codes.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND@N[:S]",
    help="What goes wrong; as often as wanted.",
)
def simulate(
    language: str,
    host: str,
    port: int,
    speed: float,
    buffer: int,
    roll: Path | None,
    faults: tuple[str, ...],
) -> None:
    """Run one printer until it is stopped."""
    check_options({"speed": speed, "buffer": buffer})
    ordered = [parse_fault(fault) for fault in faults]
    make = Make(speed, buffer)
    with ExitStack() as stack:
        paper: Roll = stack.enter_context(file_roll(roll)) if roll else BlankRoll()
        asyncio.run(_set_up(language, (host, port), make, paper, ordered))


async def _set_up(
    language: str, place: tuple[str, int], make: Make, paper: Roll, faults: list[Fault]
) -> None:
    """Print until somebody stops it, and say what was printed."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    printer = SimulatedPrinter(DIALECTS[language](), paper, make, faults)
    async with printer.listening(*place) as port:
        errors.print(
            f"A simulated printer is at {language}://{place[0]}:{port}: "
            f"{make.speed:g} codes a second, {make.buffer} codes in its buffer. "
            "Ctrl-C ends it.",
            markup=False,
            soft_wrap=True,
        )
        await stopped.wait()
    told = {
        "received": printer.received,
        "printed": printer.printed,
        "waiting": printer.waiting,
    }
    click.echo(msgspec.json.encode(told).decode())
