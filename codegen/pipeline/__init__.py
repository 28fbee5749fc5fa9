"""What can be done with epochs, batches and codes; each in its caller's transaction."""

from codegen.pipeline.activations import MovedStart, list_activations, move_start
from codegen.pipeline.authority import refuse_other_line
from codegen.pipeline.batches import get_batch, get_counted_batch, list_batches
from codegen.pipeline.brand_kits import find_logo, get_kit, write_kit
from codegen.pipeline.bulk import (
    BulkChange,
    BulkResult,
    Rebinding,
    change_in_bulk,
    long_runs,
    void_runs,
)
from codegen.pipeline.changes import (
    ChangeRequest,
    change_codes,
    new_binding,
    preview_codes,
    refuse_rebinding,
)
from codegen.pipeline.codes import (
    FoundCode,
    describe_code,
    find_codes,
    may_see_code,
)
from codegen.pipeline.coverage import CartonLookup, count_voidable, preview_recall
from codegen.pipeline.epochs import (
    change_epoch,
    check_keys,
    open_first_epoch,
    rotate_epoch,
)
from codegen.pipeline.history import StateHistory, load_state_history
from codegen.pipeline.issuing import Issuance, issue_batch
from codegen.pipeline.leaks import (
    Reach,
    group_by_stretch,
    stretch_of,
    void_found,
)
from codegen.pipeline.products import add_product
from codegen.pipeline.recalls import (
    ShownRecall,
    approve_recall,
    list_recalls,
    recall_scope,
    request_recall,
    show_recall,
)
from codegen.pipeline.void_requests import request_void, void_or_ask

__all__ = [
    "BulkChange",
    "BulkResult",
    "CartonLookup",
    "ChangeRequest",
    "FoundCode",
    "Issuance",
    "MovedStart",
    "Reach",
    "Rebinding",
    "ShownRecall",
    "StateHistory",
    "add_product",
    "approve_recall",
    "change_codes",
    "change_epoch",
    "change_in_bulk",
    "check_keys",
    "count_voidable",
    "describe_code",
    "find_codes",
    "find_logo",
    "get_batch",
    "get_counted_batch",
    "get_kit",
    "group_by_stretch",
    "issue_batch",
    "list_activations",
    "list_batches",
    "list_recalls",
    "load_state_history",
    "long_runs",
    "may_see_code",
    "move_start",
    "new_binding",
    "open_first_epoch",
    "preview_codes",
    "preview_recall",
    "recall_scope",
    "refuse_other_line",
    "refuse_rebinding",
    "request_recall",
    "request_void",
    "rotate_epoch",
    "show_recall",
    "stretch_of",
    "void_found",
    "void_or_ask",
    "void_runs",
    "write_kit",
]
