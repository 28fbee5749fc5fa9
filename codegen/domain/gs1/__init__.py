"""GS1's application identifiers, and what is written with them: pure."""

from codegen.domain.gs1.compression import decompress
from codegen.domain.gs1.digital_link import DigitalLink, read_digital_link
from codegen.domain.gs1.element_string import read_element_string
from codegen.domain.gs1.identifiers import IDENTIFIERS, Gs1Error, Identifier

__all__ = [
    "IDENTIFIERS",
    "DigitalLink",
    "Gs1Error",
    "Identifier",
    "decompress",
    "read_digital_link",
    "read_element_string",
]
