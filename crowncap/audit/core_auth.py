"""Idempotency keys."""

from crowncap.audit.checks import Check

CHECKS = (
    Check(
        2,
        "each idempotency key has its recorded answer",
        "SELECT encode(key_hash, 'hex') FROM idempotency_keys WHERE response IS NULL",
    ),
)
