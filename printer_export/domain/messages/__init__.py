"""What printer_export has to say: of packages, reports, cartons and events."""

from typing import Final

from core.messages import Catalogue
from printer_export.domain.messages.aggregation import AGGREGATION
from printer_export.domain.messages.checking import CHECKING
from printer_export.domain.messages.epcis import EPCIS
from printer_export.domain.messages.packages import PACKAGES
from printer_export.domain.messages.reports import REPORTS

message: Final = Catalogue(AGGREGATION, CHECKING, EPCIS, PACKAGES, REPORTS)
