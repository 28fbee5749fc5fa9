"""Faults of the hot route, as bytes."""

import msgspec

from core.errors import Fault, problem_of


def problem_body(fault: Fault) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Write a fault as (status, RFC 9457 body, further headers)."""
    headers = [(n.encode(), v.encode()) for n, v in fault.headers.items()]
    return fault.status, msgspec.json.encode(problem_of(fault)), headers
