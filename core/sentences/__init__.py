"""What core has to say: of values, of forms, and of who may do what."""

from typing import Final

from core.messages import Catalogue
from core.sentences.callers import CALLERS
from core.sentences.installation import INSTALLATION
from core.sentences.values import VALUES

message: Final = Catalogue(CALLERS, INSTALLATION, VALUES)
