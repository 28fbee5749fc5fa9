"""`crowncap payout-simulator`: a payer of red packets to try payouts on."""

import signal
import threading
from pathlib import Path

import click

from crowncap.cli.root import cli
from crowncap.cli.shell import errors
from crowncap.payout_simulator.dice import FAULTS, Dice, read_odds
from crowncap.payout_simulator.keys import make_keys, write_terms
from crowncap.payout_simulator.payer import Payer
from crowncap.payout_simulator.server import open_server

_FAULTS_HELP = "\b\n" + "\n".join(
    f"  {kind:<12} {meaning}" for kind, meaning in FAULTS.items()
)


@cli.command(
    "payout-simulator",
    help="Be a payer of red packets.\n\n"
    "It speaks as WeChat Pay's merchant transfers do, and misbehaves as it is told.\n\n"
    "It makes keys in DIR, with a file for CROWNCAP_WECHAT_PAY, whose path is alone on "
    "standard output. GET /simulator/bills tells what it has paid. Ctrl-C ends it.\n\n"
    "What goes wrong is written KIND=ODDS (all=0.1):\n\n" + _FAULTS_HELP,
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9300,
    show_default=True,
    help="0: any free one.",
)
@click.option("--seed", default=0, show_default=True, help="Of what goes wrong.")
@click.option("--fault", "faults", multiple=True, metavar="KIND=ODDS")
def payout_simulator(
    directory: Path, host: str, port: int, seed: int, faults: tuple[str, ...]
) -> None:
    """Run one payer until it is stopped."""
    dice = Dice(seed, read_odds(faults))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    payer = Payer(make_keys(directory), dice)
    server = open_server(payer, host, port)
    url = f"http://{host}:{server.server_address[1]}"
    terms = write_terms(directory, url)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    errors.print(f"A simulated payer is at {url}. Ctrl-C ends it.", soft_wrap=True)
    click.echo(str(terms))
    payer.tick_forever(stopped)
    server.shutdown()
