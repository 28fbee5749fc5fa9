"""HTTP of printer_export."""

from litestar import Router

from core.doors import GUARDS
from printer_export.routes import (
    aggregation,
    download,
    epcis,
    history,
    packages,
    reconciliation,
    reports,
)

PUBLIC_ROUTER = Router(path="/", route_handlers=[download.show_signing_key])
ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        packages.order_package,
        packages.list_packages,
        packages.show_package,
        packages.approve_package,
        packages.tell_password,
        packages.cancel_package,
        download.download_package,
        download.measure_package,
        reports.add_report,
        reports.list_reports,
        reports.show_report,
        reconciliation.show_reconciliation,
        reconciliation.show_places,
        history.show_code_history,
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
