"""The SQL of what members have, beside the commit of a scan."""

from typing import Final

# What the hot path reads again when an answer was lost on its way.
BALANCES_OF: Final = """
    SELECT member_no, greatest(sum(available - debt), 0)::bigint FROM balances
    WHERE shard = 0 AND unit = 0 AND member_no = ANY(%b::bigint[]) GROUP BY 1
"""
