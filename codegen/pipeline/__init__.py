"""What can be done with epochs, batches and codes; each in its caller's transaction."""

from codegen.pipeline.bulk import BulkChange, Rebinding, change_in_bulk
from codegen.pipeline.changes import (
    ChangeRequest,
    change_codes,
    new_binding,
    refuse_rebinding,
)
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
)
from codegen.pipeline.recalls import (
    CartonLookup,
    RecallScope,
    approve_recall,
    recall_scope,
    request_recall,
)

__all__ = [
    "BulkChange",
    "CartonLookup",
    "ChangeRequest",
    "FoundCode",
    "Issuance",
    "Rebinding",
    "RecallScope",
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
    "list_batches",
    "measure_plan",
    "new_binding",
    "open_first_epoch",
    "recall_scope",
    "refuse_rebinding",
    "request_recall",
    "rotate_epoch",
]
