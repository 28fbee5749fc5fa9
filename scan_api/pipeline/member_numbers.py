"""Which number each member of a batch has; asked for once, then remembered."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from psycopg import errors as pg

from scan_api.domain.scans import Scan
from scan_api.store import scans as store
from scan_api.store.commit_pool import CommitConnection, is_transient

MEMBER_CACHE = 200_000

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class MemberNumbers:
    """The numbers of the members that a worker met last."""

    _known: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def recall(
        self, scans: Sequence[Scan]
    ) -> tuple[dict[str, int], list[tuple[str, int]]]:
        """Split members into the numbers known here and the ids that are not.

        A stranger who is new takes the id of this scan for a number.
        """
        numbers: dict[str, int] = {}
        strangers: list[tuple[str, int]] = []
        for scan in scans:
            if scan.member_id is not None:
                known = self._known.get(scan.member_id)
                if known is None:
                    strangers.append((scan.member_id, scan.scan_id))
                else:
                    numbers[scan.member_id] = known
        return numbers, strangers

    async def meet(
        self,
        connection: CommitConnection,
        numbers: dict[str, int],
        strangers: Sequence[tuple[str, int]],
    ) -> None:
        """Find or make members in PostgreSQL, and remember their numbers.

        An id that cannot be stored gets no number, and keeps nobody else from theirs.
        """
        if not strangers:
            return
        try:
            found = await connection.run(
                lambda conn: store.ensure_members(conn, strangers)
            )
        except pg.Error as fault:
            if is_transient(fault):
                raise
            if len(strangers) == 1:
                log.error("member_unstorable", cause=fault)
                return
            half = len(strangers) // 2
            await self.meet(connection, numbers, strangers[:half])
            await self.meet(connection, numbers, strangers[half:])
            return
        numbers |= found
        self._known |= found
        while len(self._known) > MEMBER_CACHE:
            self._known.popitem(last=False)
