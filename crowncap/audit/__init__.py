"""`crowncap audit`: every invariant that applies so far, over the whole database.

Each check is a query that returns what breaks an invariant; none is a good audit. The
checks stand in one file an owner of tables; docs/invariants.md says what their numbers
stand for. Tables that grow are read in slices, each a statement of its own, and what
was read is remembered: an audit that was interrupted goes on.
"""

from crowncap.audit.checks import Finding, Scope
from crowncap.audit.run import Audit, Report

__all__ = ["Audit", "Finding", "Report", "Scope"]
