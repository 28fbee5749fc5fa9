"""HTTP of printer_export."""

from litestar import Router

from core.doors import GUARDS
from printer_export.routes import (
    aggregation,
    epcis,
    history,
    honey_codes,
    reconciliation,
    reports,
)
from printer_export.routes.packages import downloads, orders

PUBLIC_ROUTER = Router(path="/", route_handlers=[downloads.show_signing_key])
ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        orders.order_package,
        orders.list_packages,
        orders.show_package,
        orders.approve_package,
        orders.tell_password,
        orders.cancel_package,
        downloads.download_package,
        downloads.measure_package,
        reports.add_report,
        reports.list_reports,
        reports.show_report,
        reconciliation.show_reconciliation,
        reconciliation.show_places,
        history.show_code_history,
        honey_codes.add_honey_codes,
        honey_codes.list_honey_codes,
        aggregation.pack_units,
        aggregation.unpack_units,
        aggregation.ship_units,
        aggregation.receive_units,
        aggregation.activate_unit,
        aggregation.show_unit,
        epcis.show_batch_events,
        epcis.capture_events,
        epcis.show_capture,
    ],
)
