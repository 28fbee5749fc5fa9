"""HTTP of codegen."""

from litestar import Router

from codegen.routes import (
    activations,
    batches,
    brand_kits,
    changes,
    products,
    recalls,
    void_requests,
)
from core.doors import GUARDS

ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        products.add_product,
        brand_kits.show_kit,
        brand_kits.put_kit,
        batches.issue_batch,
        batches.show_batch,
        batches.list_batches,
        changes.activate_codes,
        changes.void_codes,
        activations.list_activations,
        activations.move_start,
        recalls.request_recall,
        recalls.list_recalls,
        recalls.show_recall,
        recalls.approve_recall,
        void_requests.request_void,
        void_requests.list_void_requests,
        void_requests.show_void_request,
        void_requests.approve_void,
    ],
)
