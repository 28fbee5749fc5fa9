"""What a package says of itself: manifest.json, layout.json and SHA256SUMS; pure."""

import json
from dataclasses import dataclass
from typing import Any, Final

from codegen.domain.code_text import cap_link_prefix
from codegen.domain.symbols import CODE_SYMBOLS
from printer_export.domain.epcis.names import cap_uri_prefix
from printer_export.domain.packages.orders import DataFile, Package
from printer_export.domain.packages.rows import (
    ENCODINGS,
    SEQUENCE_DIGITS,
    Preset,
    RowLayout,
    delimiter_of,
)
from printer_export.domain.symbols import is_alphanumeric, symbol_size, version_for

FORMAT: Final = "crowncap-package/1"
_GROUPED: Final = 19


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of a package, as its manifest lists it; `data` for files of codes."""

    path: str
    size_bytes: int
    sha256: str
    data: DataFile | None = None


def link_prefix_of(package: Package) -> str:
    """Give what every printed link of a package begins with."""
    batch = package.batch
    return cap_link_prefix(batch.link_base, package.order.link_form, batch.gtin)


def code_prefix_of(package: Package) -> str:
    """Give what precedes each code in the data files of a package."""
    if package.order.preset is not Preset.EPCIS:
        return link_prefix_of(package)
    assert package.batch.gtin is not None, "such an order is refused"
    return cap_uri_prefix(package.batch.gtin)


def drawn_version(link_prefix: str) -> int | None:
    """Tell in which version a package's symbols are drawn; None if they are not.

    A link with small letters, or one that no small symbol holds, has texts only.
    """
    if not is_alphanumeric(link_prefix.encode()):
        return None
    return version_for(len(link_prefix) + CODE_SYMBOLS)


def word_manifest(package: Package, files: list[FileFact], key_id: str) -> bytes:
    """Write manifest.json: sorted keys, so that the same package signs the same."""
    order, batch = package.order, package.batch
    prefix = link_prefix_of(package)
    version = drawn_version(prefix)
    return _json(
        {
            "format": FORMAT,
            "package_id": package.package_id,
            "batch_id": batch.batch_id,
            "epoch": batch.epoch,
            "from_index": order.from_index,
            "to_index": order.to_index,
            "quantity": order.quantity,
            "net_quantity": order.quantity * 100 // (100 + order.overage_percent),
            "overage_percent": order.overage_percent,
            "preset": order.preset.value,
            "link_form": order.link_form.value,
            "link_prefix": prefix,
            "gtin": batch.gtin,
            "lot": batch.lot,
            "printhouse": order.printhouse,
            "symbol": None
            if version is None
            else {"version": version, "level": "M", "modules": symbol_size(version)},
            "ordered_by": package.ordered_by,
            "ordered_at": package.ordered_at.isoformat(),
            "key_id": key_id,
            "files": [_file(fact) for fact in files],
        }
    )


def _file(fact: FileFact) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "path": fact.path,
        "bytes": fact.size_bytes,
        "sha256": fact.sha256,
    }
    if fact.data is not None:
        entry |= {
            "rows": fact.data.rows,
            "roll": fact.data.roll,
            "lane": fact.data.lane,
            "first_index": fact.data.first_index,
            "index_step": fact.data.index_step,
        }
    return entry


def word_layout(preset: Preset, layout: RowLayout) -> bytes:
    """Write layout.json: where each column stands in a row, in bytes."""
    columns = [
        {
            "name": "epc" if preset is Preset.EPCIS else "link",
            "offset": layout.link_at,
            "length": layout.link_code_at + CODE_SYMBOLS - layout.link_at,
        }
    ]
    if layout.sequence_at is not None:
        columns.append(
            {
                "name": "sequence",
                "offset": layout.sequence_at,
                "length": SEQUENCE_DIGITS,
            }
        )
    if layout.grouped_at is not None:
        columns.append(
            {"name": "code", "offset": layout.grouped_at, "length": _GROUPED}
        )
    if layout.separator_at is not None:
        columns.append(
            {"name": "separator", "offset": layout.separator_at, "length": 1}
        )
    parted = layout.sequence_at is not None
    return _json(
        {
            "preset": preset.value,
            "encoding": ENCODINGS[preset],
            "delimiter": delimiter_of(preset).decode() if parted else None,
            "line_ending": "CRLF",
            "header_bytes": len(layout.header),
            "row_bytes": layout.row_bytes,
            "columns": columns,
        }
        | ({"footer_bytes": len(layout.footer)} if layout.footer else {})
    )


def word_sums(files: list[FileFact]) -> bytes:
    """Write SHA256SUMS as `sha256sum -c` reads it."""
    return "".join(f"{each.sha256}  {each.path}\n" for each in files).encode()


def _json(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()
