"""What can be done with epochs, batches and codes; each in its caller's transaction."""

from codegen.pipeline.authority import refuse_other_line
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
from codegen.pipeline.coverage import CartonLookup, preview_recall
from codegen.pipeline.epochs import (
    change_epoch,
    check_keys,
    open_first_epoch,
    rotate_epoch,
)
from codegen.pipeline.goods import measure_plan
from codegen.pipeline.issuing import Issuance, issue_batch
from codegen.pipeline.lookup import (
    FoundCode,
    describe_code,
    find_codes,
    get_batch,
    get_counted_batch,
    list_batches,
    may_see_code,
)
from codegen.pipeline.recalls import (
    ShownRecall,
    approve_recall,
    list_recalls,
    recall_scope,
    request_recall,
    request_void,
    show_recall,
    void_or_ask,
)
from codegen.pipeline.starts import MovedStart, list_activations, move_start

__all__ = [
    "BulkChange",
    "BulkResult",
    "CartonLookup",
    "ChangeRequest",
    "FoundCode",
    "Issuance",
    "MovedStart",
    "Rebinding",
    "ShownRecall",
    "approve_recall",
    "change_codes",
    "change_epoch",
    "change_in_bulk",
    "check_keys",
    "describe_code",
    "find_codes",
    "get_batch",
    "get_counted_batch",
    "issue_batch",
    "list_activations",
    "list_batches",
    "list_recalls",
    "long_runs",
    "may_see_code",
    "measure_plan",
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
    "void_or_ask",
    "void_runs",
]
