"""Violated constraints, as sentences."""

from sqlalchemy.exc import IntegrityError

from codegen.domain.messages import message
from core.errors import Conflict, InvalidInput

# How a constraint's name reads to the person who ran into it.
_CONSTRAINTS = {
    "products_pkey": ("/gtin", "already_exists", message("product_exists")),
    "batches_gtin_fkey": ("/gtin", "unknown_gtin", message("no_such_product")),
    "ranges_gtin_fkey": ("/gtin", "unknown_gtin", message("no_such_product")),
    "batches_campaign_id_fkey": (
        "/campaign_id",
        "unknown_campaign",
        message("no_campaign"),
    ),
    "ranges_campaign_id_fkey": (
        "/campaign_id",
        "unknown_campaign",
        message("no_campaign"),
    ),
}


def explain(fault: IntegrityError) -> Exception:
    """Turn a violated constraint into a sentence, or give the fault back."""
    diagnostics = getattr(fault.orig, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or ""
    if name in _CONSTRAINTS:
        pointer, code, detail = _CONSTRAINTS[name]
        if code == "already_exists":
            return Conflict(detail, code=code)
        return InvalidInput.field(pointer, code, detail)
    if name in {"batches_never_overlap", "ranges_never_overlap"}:
        return Conflict(message("serials_taken"), code="overlapping_range")
    return fault
