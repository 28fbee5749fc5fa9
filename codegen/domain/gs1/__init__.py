"""GS1's application identifiers, and what is written with them: pure."""

from codegen.domain.gs1.compression import decompress
from codegen.domain.gs1.element_string import read_element_string
from codegen.domain.gs1.identifiers import IDENTIFIERS, Gs1Error, Identifier
from codegen.domain.gs1.link import Gs1Link, read_gs1_link

__all__ = [
    "IDENTIFIERS",
    "Gs1Error",
    "Gs1Link",
    "Identifier",
    "decompress",
    "read_element_string",
    "read_gs1_link",
]
