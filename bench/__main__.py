"""`python -m bench NAME [--json]`: run one bench; see bench/NAME.py for its knobs."""

import argparse
import importlib
import json
import os
import platform
from typing import Final

from bench.measure import busy_percent, read_cpu_ticks, steal_percent

NAMES: Final = (
    *(
        "backtest",
        "cases",
        "chaos",
        "codegen",
        "coupons",
        "events",
        "export",
        "feeder",
        "filters",
        "fraud",
        "ledger",
        "package",
    ),
    *("ranges", "refill", "report", "rewards", "rules", "scan", "steps", "storage"),
    "symbols",
)


def main() -> None:
    """Print a table and, with --json, one JSON object as the last line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument(
        "--json", action="store_true", help="print the figures as the last line, too"
    )
    known, _ = parser.parse_known_args()
    module = importlib.import_module(f"bench.{known.name}")
    told = hasattr(module, "add_arguments")
    if told:
        module.add_arguments(parser)
    arguments = parser.parse_args()
    before = read_cpu_ticks()
    figures: dict[str, object] = {"bench": arguments.name}
    figures |= module.run(arguments) if told else module.run()
    after = read_cpu_ticks()
    figures |= {
        "cpu_steal_percent": steal_percent(before, after),
        "cpu_busy_percent": busy_percent(before, after),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }
    print_table(figures)
    if arguments.json:
        print(json.dumps(figures))


def print_table(figures: dict[str, object]) -> None:
    """Print names and values in two columns; nested ones under their own heading."""
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        if isinstance(value, dict):
            print(f"\n{name}")
            print_table({f"  {key}": inner for key, inner in value.items()})
        elif isinstance(value, float):
            print(f"{name:<{width}}  {value:>16,.6g}")
        elif isinstance(value, int):
            print(f"{name:<{width}}  {value:>16,}")
        else:
            print(f"{name:<{width}}  {value!s:>16}")


if __name__ == "__main__":
    main()
