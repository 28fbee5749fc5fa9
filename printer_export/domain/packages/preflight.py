"""Pre-flight: what is looked at before a package is released; pure.

The rows are read back here by what a print house has, delimiters and line ends, and
not by the offsets they were written with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from codegen.domain import EpochKeys, open_codes
from codegen.domain.batches import Batch
from codegen.domain.code_text import cap_link_prefix
from codegen.domain.ranges import CodeRange, EpochState, RangeState
from codegen.domain.symbol_size import symbol_of
from codegen.domain.symbols import CODE_SYMBOLS
from core.errors import Conflict, InvalidInput
from core.messages import Message
from core.origin import authority_of
from printer_export.domain.messages import message
from printer_export.domain.packages.manifest import (
    code_prefix_of,
    drawn_version,
    link_prefix_of,
)
from printer_export.domain.packages.orders import (
    MAX_LABELS,
    DataFile,
    Encryption,
    Package,
    PackageOrder,
    Sheet,
    plan_files,
)
from printer_export.domain.packages.rows import (
    Octets,
    Preset,
    delimiter_of,
    suffix_of,
)

MAX_FILES = 100_000
_LARGEST_USUAL_VERSION = 3
_STATES = {
    RangeState.ACTIVATED: message("are_activated"),
    RangeState.VOID: message("are_void"),
    RangeState.RECALLED: message("are_recalled"),
}


class Level(StrEnum):
    """How bad a finding is; only `blocking` keeps a package back."""

    OK = "ok"
    WARNING = "warning"
    BLOCKING = "blocking"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to, as a sentence."""

    check: str
    level: Level
    sentence: str


def refuse_impossible(batch: Batch, order: PackageOrder) -> None:
    """Raise InvalidInput for an order that no package can come of.

    Raises Conflict for a batch that was issued with links that cannot be printed.
    """
    if batch.link_fault is not None:
        raise Conflict(batch.link_fault, code="link_unprintable")
    if not 0 <= order.from_index <= order.to_index < batch.quantity:
        raise InvalidInput.field(
            "/from_index",
            "out_of_range",
            message(
                "indexes_not_in_batch",
                first=order.from_index,
                last=order.to_index,
                quantity=batch.quantity,
            ),
        )
    rolls = -(-order.quantity // (order.codes_per_roll or order.quantity))
    if rolls * order.lanes > MAX_FILES:
        raise InvalidInput.field(
            "/codes_per_roll",
            "too_many_files",
            message("too_many_files", rolls=rolls, lanes=order.lanes, most=MAX_FILES),
        )
    if order.preset is Preset.EPCIS and batch.gtin is None:
        raise InvalidInput.field("/preset", "gtin_needed", message("epcis_needs_gtin"))
    prefix = cap_link_prefix(batch.link_base, order.link_form, batch.gtin)
    if order.sheet is not Sheet.NONE and drawn_version(prefix) is None:
        raise InvalidInput.field(
            "/sheet",
            "no_symbol",
            message("sheet_without_symbol", prefix=prefix),
        )


def check_order(
    package: Package,
    epoch: EpochState,
    *,
    link_hosts: frozenset[str],
    known_printhouse: bool,
) -> list[Finding]:
    """Look at what was ordered: link, symbol, encryption, print house, epoch, count."""
    order = package.order
    files = list(plan_files(order, suffix_of(order.preset)))
    rows = sum(data.rows for data in files)
    findings = [
        _link(package, link_hosts),
        Finding(
            "row_count",
            Level.OK if rows == order.quantity else Level.BLOCKING,
            message(
                "rows_in_files", rows=rows, files=len(files), quantity=order.quantity
            ),
        ),
        _symbol(package),
    ]
    if order.sheet is not Sheet.NONE and order.quantity > MAX_LABELS:
        findings.append(
            Finding(
                "sheet", Level.WARNING, message("sheet_of_samples", most=MAX_LABELS)
            )
        )
    if epoch in {EpochState.FROZEN, EpochState.RETIRED}:
        stands = message(
            "epoch_frozen" if epoch is EpochState.FROZEN else "epoch_retired"
        )
        findings.append(Finding("epoch", Level.BLOCKING, stands))
    if order.encryption is Encryption.NONE:
        findings.append(Finding("encryption", Level.WARNING, message("not_encrypted")))
    if order.printhouse is not None and not known_printhouse:
        findings.append(
            Finding(
                "printhouse",
                Level.WARNING,
                message("unknown_printhouse", printhouse=order.printhouse),
            )
        )
    return findings


def _link(package: Package, link_hosts: frozenset[str]) -> Finding:
    fault = link_fault_of(package.batch, link_hosts)
    if fault is not None:
        return Finding("link", Level.BLOCKING, fault)
    told = message("caps_open", link=link_prefix_of(package))
    return Finding("link", Level.OK, told)


def link_fault_of(batch: Batch, link_hosts: frozenset[str]) -> Message | None:
    """Say why a batch's links are not printed, on whatever way; None if they may."""
    if batch.link_fault is not None:
        return batch.link_fault
    host = authority_of(batch.link_base)
    if host in link_hosts:
        return None
    return message("foreign_host", host=host)


def _symbol(package: Package) -> Finding:
    link = link_prefix_of(package) + "0" * CODE_SYMBOLS
    size = symbol_of(link)
    if size is None:
        return Finding(
            "symbol",
            Level.WARNING,
            message("large_symbol", length=len(link)),
        )
    upper = size.mode != "byte"
    told = message(
        "symbol" if upper else "symbol_of_small_letters",
        version=size.version,
        modules=size.modules,
    )
    usual = upper and size.version <= _LARGEST_USUAL_VERSION
    return Finding("symbol", Level.OK if usual else Level.WARNING, told)


def check_ranges(
    package: Package, ranges: Iterable[CodeRange], void_codes: int
) -> list[Finding]:
    """Look for codes that must not be printed: active, void or recalled ones."""
    first = package.batch.first_code_id + package.order.from_index
    last = package.batch.first_code_id + package.order.to_index
    blocked: dict[RangeState, int] = {}
    for each in ranges:
        size = min(last, each.last_code_id) - max(first, each.first_code_id) + 1
        if size > 0 and each.state is not RangeState.ISSUED:
            blocked[each.state] = blocked.get(each.state, 0) + size
    if void_codes:
        blocked[RangeState.VOID] = blocked.get(RangeState.VOID, 0) + void_codes
    if not blocked:
        return [Finding("blocked_ranges", Level.OK, message("none_blocked"))]
    return [
        Finding(
            "blocked_ranges",
            Level.BLOCKING,
            message("codes_blocked", count=count, state=_STATES[state]),
        )
        for state, count in blocked.items()
    ]


def sample_spots(order_files: Sequence[DataFile], most: int) -> list[DataFile]:
    """Choose the files whose ends are read back: the first and last ones."""
    half = most // 2
    if len(order_files) <= most:
        return list(order_files)
    return [*order_files[:half], *order_files[-half:]]


def check_rows(
    package: Package, keys: EpochKeys, blocks: Iterable[tuple[DataFile, int, Octets]]
) -> list[Finding]:
    """Read rows back; each block is (file, its first row, (n, row_bytes) uint8).

    Checks line ends, columns, fixed length, alphabet, the code within each link and
    its index, and that no code stands twice.
    """
    read = 0
    seen: set[int] = set()
    for data, start, rows in blocks:
        problem = _read_block(package, keys, data, start, rows, seen)
        if problem is not None:
            return [Finding("rows", Level.BLOCKING, problem)]
        read += len(rows)
    duplicates = read - len(seen)
    return [
        Finding("rows", Level.OK, message("rows_right", count=read)),
        Finding(
            "duplicates",
            Level.BLOCKING if duplicates else Level.OK,
            message("codes_twice", count=duplicates),
        ),
    ]


def _read_block(  # noqa: PLR0917 - one block, taken apart
    package: Package,
    keys: EpochKeys,
    data: DataFile,
    start: int,
    rows: Octets,
    seen: set[int],
) -> Message | None:
    preset = package.order.preset
    prefix = code_prefix_of(package).encode()
    lines = rows.tobytes().split(b"\r\n")
    if lines.pop() != b"" or len(lines) != len(rows):
        return message("row_cut", path=data.path)
    codes = np.empty((len(lines), CODE_SYMBOLS), dtype=np.uint8)
    expected = data.first_index + data.index_step * (start + np.arange(len(lines)))
    alone = preset in {Preset.LINES, Preset.EPCIS}
    for number, line in enumerate(lines):
        fields = [line.strip(b'", ')] if alone else line.split(delimiter_of(preset))
        link = fields[0] if alone else fields[1]
        code = link.removeprefix(prefix)
        if len(link) != len(prefix) + CODE_SYMBOLS or len(code) != CODE_SYMBOLS:
            return message("row_without_link", path=data.path, row=start + number)
        if not alone and (
            int(fields[0]) != expected[number] + 1
            or fields[2].replace(b"-", b"") != code
        ):
            return message("columns_disagree", path=data.path, row=start + number)
        codes[number] = np.frombuffer(code, dtype=np.uint8)
    valid, code_ids = open_codes(keys, codes)
    wanted = (package.batch.first_code_id + expected).astype(np.uint64)
    if not valid.all() or (code_ids != wanted).any():
        return message("wrong_code", path=data.path)
    seen.update(code_ids.tolist())
    return None
