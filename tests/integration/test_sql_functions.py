"""What runs in PostgreSQL is short, and each function has an owner."""

from tests.fixtures.ground import Ground

MAX_LINES = 70
# By owner; what a step writes are its owner's tables.
OWNERS = {
    "core": {
        *("fold_name", "first_id_at", "raise_range_version", "refuse_rewriting"),
        "write_outbox",
    },
    "core.auth": {"take_keys"},
    "codegen": {"current_range_version", "find_voids", "is_stale"},
    "crowncap.recovery": {"hold_forgotten"},
    "rewards": {
        *("add_to_balances", "choose_rewards", "end_unpaid", "post_rewards"),
        *("choose_rewards_3", "end_unpaid_2", "post_rewards_3", "take_limits"),
        *("keep_takes", "add_kinds_3", "add_coupons", "release_coupons"),
        *("ensure_ledger_partitions", "issue_coupons", "redeem_coupons"),
        *("add_gifts", "claim_gifts", "release_gifts", "complete_sets"),
        *("add_payouts", "end_payouts", "give_back_of_payouts", "release_payouts"),
        "tell_payouts",
        *("add_to_lots", "make_lots", "add_rewards", "effects_of", "post_transfers"),
        "note_unsealed",
        *("add_tickets", "release_tickets", "find_absent"),
    },
    "scan_api": {
        *("claim_codes", "insert_claims", "commit_scans_2", "commit_scans_3"),
        *("pay_scans", "read_codes_2", "write_scans_2"),
        "count_sightings",
        *("find_repeated", "give_claims_back", "read_codes", "scan_tags"),
        *("write_scans", "ensure_code_partitions", "ensure_time_partitions"),
        *("attach_partition", "cover_stretch", "lowest_in_default"),
        *("partitioning_of", "partitions_of", "uncovered"),
    },
}
# Steps: their first argument is the shard of all rows that they touch.
STEPS = (
    OWNERS["core.auth"]
    | OWNERS["crowncap.recovery"]
    | {"find_voids", "commit_scans_2", "claim_codes", "insert_claims"}
    | {"count_sightings"}
    | {"give_claims_back", "read_codes", "write_scans", "add_to_balances"}
    | {"write_outbox", "choose_rewards", "end_unpaid", "post_rewards", "take_limits"}
    | {"add_gifts", "claim_gifts", "release_gifts", "complete_sets"}
    | {"issue_coupons", "redeem_coupons", "add_coupons", "add_kinds_3", "keep_takes"}
    | {"commit_scans_3", "pay_scans", "read_codes_2", "write_scans_2"}
    | {"choose_rewards_3", "post_rewards_3", "release_coupons"}
    | {"add_payouts", "end_payouts"}
    | {"give_back_of_payouts", "release_payouts", "tell_payouts"}
    | {"add_to_lots", "make_lots", "add_rewards", "post_transfers"}
    | {"note_unsealed"}
    | {"issue_coupons", "redeem_coupons", "add_tickets", "release_tickets"}
)
OURS = (
    "SELECT proname::text, prosrc, coalesce(proargnames[1], ''),"
    " array_length(string_to_array(pg_get_functiondef(p.oid), E'\\n'), 1)"
    " FROM pg_proc AS p WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS"
    " (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')"
)


async def test_each_function_is_short_and_has_one_owner(ledger: Ground) -> None:
    """Whoever adds one says whose it is; nobody reads more than a page at once."""
    owned = [name for names in OWNERS.values() for name in names]
    assert len(owned) == len(set(owned))
    found = await ledger.rows(OURS)
    assert {name for name, *_ in found} == set(owned)
    assert {n: lines for n, *_, lines in found if lines > MAX_LINES} == {}
    assert {name for name, _, first, _ in found if first == "in_shard"} == STEPS
