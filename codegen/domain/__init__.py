"""What a code is: pure functions of keys, serials and texts."""

from codegen.domain.code_text import (
    MAX_SCANNED_CHARACTERS,
    LinkForm,
    cap_link,
    cap_link_prefix,
    group,
    mask,
    normalise,
)
from codegen.domain.gtin import GtinError, check_digit, normalise_gtin
from codegen.domain.keys import MASTER_KEY_BYTES, MAX_EPOCH, EpochKeys
from codegen.domain.scanned import (
    NO_SUCH_GTIN,
    FoundText,
    ScannedText,
    find_scanned,
    parse_scanned,
)
from codegen.domain.sealing import (
    MAX_SERIAL,
    filter_hash,
    filter_hashes,
    open_code,
    open_codes,
    seal,
    seal_hashes,
    seal_into,
)
from codegen.domain.symbols import ALPHABET, CODE_SYMBOLS

__all__ = [
    "ALPHABET",
    "CODE_SYMBOLS",
    "MASTER_KEY_BYTES",
    "MAX_EPOCH",
    "MAX_SCANNED_CHARACTERS",
    "MAX_SERIAL",
    "NO_SUCH_GTIN",
    "EpochKeys",
    "FoundText",
    "GtinError",
    "LinkForm",
    "ScannedText",
    "cap_link",
    "cap_link_prefix",
    "check_digit",
    "filter_hash",
    "filter_hashes",
    "find_scanned",
    "group",
    "mask",
    "normalise",
    "normalise_gtin",
    "open_code",
    "open_codes",
    "parse_scanned",
    "seal",
    "seal_hashes",
    "seal_into",
]
