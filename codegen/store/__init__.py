"""The only SQL of codegen: epochs, products, batches, ranges, voids, recalls."""

from codegen.store.batches import (
    find_batch,
    find_batches_of,
    find_first_batch,
    insert_batch,
    list_batches,
)
from codegen.store.changes import (
    find_state_changes,
    insert_change,
    list_goods_changes,
    next_change_id,
    record_change,
)
from codegen.store.epochs import (
    insert_epoch,
    load_epoch_states,
    load_epochs,
    load_key_checks,
    lock_open_epoch,
    set_epoch_state,
    set_next_serial,
)
from codegen.store.products import find_product, insert_product
from codegen.store.ranges import (
    apply_plan,
    find_active_codes,
    find_lot_batches,
    find_ranges_of_codes,
    find_standing,
    load_lot_ranges,
    load_ranges,
    load_touched_ranges,
)
from codegen.store.recalls import approve_recall, insert_recall
from codegen.store.versions import (
    current_version,
    load_changed_products,
    load_changed_ranges,
    load_range_table,
    load_ranges_of_codes,
    load_segments,
    take_fence,
)
from codegen.store.voids import (
    count_voids,
    find_void_codes,
    insert_void_codes,
    load_void_codes,
    load_voids_since,
)

__all__ = [
    "apply_plan",
    "approve_recall",
    "count_voids",
    "current_version",
    "find_active_codes",
    "find_batch",
    "find_batches_of",
    "find_first_batch",
    "find_lot_batches",
    "find_product",
    "find_ranges_of_codes",
    "find_standing",
    "find_state_changes",
    "find_void_codes",
    "insert_batch",
    "insert_change",
    "insert_epoch",
    "insert_product",
    "insert_recall",
    "insert_void_codes",
    "list_batches",
    "list_goods_changes",
    "load_changed_products",
    "load_changed_ranges",
    "load_epoch_states",
    "load_epochs",
    "load_key_checks",
    "load_lot_ranges",
    "load_range_table",
    "load_ranges",
    "load_ranges_of_codes",
    "load_segments",
    "load_touched_ranges",
    "load_void_codes",
    "load_voids_since",
    "lock_open_epoch",
    "next_change_id",
    "record_change",
    "set_epoch_state",
    "set_next_serial",
    "take_fence",
]
