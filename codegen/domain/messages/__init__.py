"""What codegen has to say: of orders, batches, codes and what may be done to them."""

from typing import Final

from codegen.domain.messages.codes import CODES
from codegen.domain.messages.issuing import ISSUING
from codegen.domain.messages.values import VALUES
from core.messages import Catalogue

message: Final = Catalogue(CODES, ISSUING, VALUES)
