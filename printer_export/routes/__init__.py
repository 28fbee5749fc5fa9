"""HTTP of printer_export."""

from litestar import Router

from core.doors import GUARDS
from printer_export.routes import (
    content,
    epcis,
    logistics,
    packages,
    reconciliation,
    reports,
    stories,
)

PUBLIC_ROUTER = Router(path="/", route_handlers=[content.show_signing_key])
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
        content.download_package,
        content.measure_package,
        reports.add_report,
        reports.list_reports,
        reports.show_report,
        reconciliation.show_reconciliation,
        reconciliation.show_places,
        stories.show_story,
        logistics.pack_units,
        logistics.unpack_units,
        logistics.ship_units,
        logistics.receive_units,
        logistics.activate_unit,
        logistics.show_unit,
        epcis.show_batch_events,
        epcis.capture_events,
        epcis.show_capture,
    ],
)
