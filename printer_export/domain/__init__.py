"""What a package, a symbol and a line report are: values and pure functions."""

from printer_export.domain.symbols import encode_symbols

__all__ = ["encode_symbols"]
