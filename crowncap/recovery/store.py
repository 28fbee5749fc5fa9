"""The SQL of recovery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.keyring import Newest
from core.fence import take_fence
from crowncap.recovery import tables as t

# Numbers of packages, recalls and the like that are skipped after a restore.
_SKIPPED = 10_000

# Changes of staff tokens and of epochs that must not be forgotten.
_AUDITED = ("token.revoke", "key.closed", "key.frozen", "key.retired")

_ENTRIES = text(
    """
    SELECT c.change_id AS number, c.kind, c.batch_id, c.person, c.reason, c.at,
        array(SELECT jsonb_build_array(lower(m), upper(m) - 1)
            FROM unnest(c.moved) AS m) AS intervals,
        array(SELECT v.code_id FROM void_codes AS v
            WHERE v.shard = 0 AND v.change_id = c.change_id
            ORDER BY v.code_id) AS codes,
        (SELECT r.instructions FROM ranges AS r WHERE r.change_id = c.change_id
            LIMIT 1) AS instructions
    FROM range_changes AS c
    WHERE c.change_id > :change AND c.kind IN ('void', 'recall')
    ORDER BY c.change_id
    """
)

_AUDIT_ENTRIES = text(
    """
    SELECT audit_id AS number, action AS kind, subject, person, at FROM audit_log
    WHERE audit_id > :audit AND action = ANY(CAST(:actions AS text[]))
    ORDER BY audit_id
    """
)


@dataclass(frozen=True, slots=True)
class Freeze:
    """Why an installation pays nothing, and what its database has forgotten."""

    at: datetime
    why: str
    forgets_from: datetime | None
    forgets_until: datetime | None


async def load_answered(conn: AsyncConnection) -> Newest:
    """Read the marks that a freeze has answered for."""
    i = t.installation.c
    row = await conn.execute(
        select(i.change_mark, i.batch_mark, i.audit_mark, i.scan_mark)
    )
    return Newest(*row.one())


async def read_newest(conn: AsyncConnection) -> Newest:
    """Read the newest change, batch, audit entry and scan of this database."""
    row = (
        await conn.execute(
            text(
                """
                SELECT coalesce((SELECT max(change_id) FROM range_changes), 0),
                    coalesce((SELECT max(batch_id) FROM batches), 0),
                    coalesce((SELECT max(audit_id) FROM audit_log), 0),
                    coalesce((SELECT max(scan_id) FROM scans WHERE shard = 0), 0)
                """
            )
        )
    ).one()
    return Newest(*row)


async def read_entries(conn: AsyncConnection, since: Newest) -> list[dict[str, Any]]:
    """Read what the journal lacks: voids, recalls, revoked tokens, ended epochs."""
    changes = await conn.execute(_ENTRIES, {"change": since.change})
    audited = await conn.execute(
        _AUDIT_ENTRIES, {"audit": since.audit, "actions": list(_AUDITED)}
    )
    return [
        dict(row._mapping) | {"at": row.at.isoformat()}  # noqa: SLF001 - its public spelling
        for rows in (changes, audited)
        for row in rows
    ]


async def skip_numbers(conn: AsyncConnection, newest: Newest) -> None:
    """Let no number be given again that was given after the backup.

    What is marked is skipped exactly; other numbers by more than a backup forgets.
    """
    marks = {
        "range_changes_change_id_seq": newest.change,
        "batches_batch_id_seq": newest.batch,
        "audit_log_audit_id_seq": newest.audit,
    }
    await conn.execute(
        text(
            """
            SELECT setval(s.name, least(s.top, greatest(
                coalesce(s.last_value, 1) + :skipped, coalesce(m.mark, 0))))
            FROM (
                SELECT format('%I.%I', schemaname, sequencename)::regclass AS name,
                    sequencename, last_value, max_value AS top
                FROM pg_sequences WHERE schemaname = 'public') AS s
            LEFT JOIN unnest(CAST(:names AS text[]), CAST(:marks AS bigint[]))
                AS m (name, mark) ON m.name = s.sequencename
            """
        ),
        {"skipped": _SKIPPED, "names": list(marks), "marks": list(marks.values())},
    )


async def load_fingerprints(conn: AsyncConnection) -> tuple[str | None, str | None]:
    """Read the ids of the signing key and of the installation's own member key."""
    i = t.installation.c
    row = (await conn.execute(select(i.signing_key_id, i.member_key_id))).one()
    return row.signing_key_id, row.member_key_id


async def note_fingerprints(
    conn: AsyncConnection, *, signing_key_id: str, member_key_id: str | None
) -> None:
    """Remember which keys belong to this database."""
    await conn.execute(
        update(t.installation).values(
            signing_key_id=signing_key_id, member_key_id=member_key_id
        )
    )


async def has_packages(conn: AsyncConnection) -> bool:
    """Tell whether packages were ordered, which a signing key stands for."""
    found = await conn.execute(text("SELECT EXISTS (SELECT FROM packages)"))
    return bool(found.scalar_one())


async def load_freeze(conn: AsyncConnection) -> Freeze | None:
    """Read whether and why the installation is frozen."""
    i = t.installation.c
    row = (
        await conn.execute(
            select(i.frozen_at, i.frozen_why, i.forgets_from, i.forgets_until)
        )
    ).one()
    return None if row.frozen_at is None else Freeze(*row)


async def freeze(conn: AsyncConnection, found: Freeze, answered: Newest) -> None:
    """Freeze the installation; workers hold what they would pay from now on.

    Once the marks are answered for, only what is forgotten after this freezes again.
    """
    await take_fence(conn)
    await conn.execute(
        update(t.installation).values(
            frozen_at=found.at,
            frozen_why=found.why,
            forgets_from=found.forgets_from,
            forgets_until=found.forgets_until,
            change_mark=answered.change,
            batch_mark=answered.batch,
            audit_mark=answered.audit,
            scan_mark=answered.scan,
        )
    )
    await _touch_epochs(conn)


async def thaw(conn: AsyncConnection) -> None:
    """End the freeze; what was held is decided again."""
    await take_fence(conn)
    await conn.execute(
        update(t.installation).values(
            frozen_at=None, frozen_why=None, forgets_from=None, forgets_until=None
        )
    )
    await _touch_epochs(conn)


async def _touch_epochs(conn: AsyncConnection) -> None:
    """Make every batch that was decided before this stale."""
    await conn.execute(text("UPDATE epochs SET version = current_range_version()"))


async def keep_unclaimed(conn: AsyncConnection, code_ids: Sequence[int]) -> list[int]:
    """Leave out the codes that this database knows to be claimed or never issued."""
    rows = await conn.execute(
        text(
            """
            SELECT c FROM unnest(CAST(:code_ids AS bigint[])) AS c
            WHERE NOT EXISTS (SELECT FROM claims WHERE shard = 0 AND code_id = c)
                AND EXISTS (SELECT FROM (
                    SELECT last_code_id FROM ranges WHERE first_code_id <= c
                    ORDER BY first_code_id DESC LIMIT 1) AS r WHERE last_code_id >= c)
            """
        ),
        {"code_ids": list(code_ids)},
    )
    return list(rows.scalars())


async def note_forgotten_claims(conn: AsyncConnection, code_ids: Sequence[int]) -> int:
    """Remember codes that were claimed after the backup; tells how many are new."""
    done = await conn.execute(
        text(
            "INSERT INTO forgotten_claims (code_id)"
            " SELECT DISTINCT c FROM unnest(CAST(:code_ids AS bigint[])) AS c"
            " ON CONFLICT DO NOTHING"
        ),
        {"code_ids": list(code_ids)},
    )
    return done.rowcount


async def count_frozen_holds(conn: AsyncConnection) -> tuple[int, int]:
    """Count the open holds of frozen epochs, and those of forgotten claims."""
    row = (
        await conn.execute(
            text(
                """
                SELECT count(*), count(*) FILTER (WHERE f.code_id IS NOT NULL)
                FROM holds AS h LEFT JOIN forgotten_claims AS f USING (shard, code_id)
                WHERE h.shard = 0 AND h.resolution IS NULL AND h.reason = 'epoch'
                """
            )
        )
    ).one()
    return row[0], row[1]


async def find_holds_to_keep(
    conn: AsyncConnection, *, frozen_since: datetime | None
) -> list[int]:
    """Find open holds of forgotten claims, or all that were made since a moment."""
    rows = await conn.execute(
        text(
            """
            SELECT h.transfer_id FROM holds AS h
            WHERE h.shard = 0 AND h.resolution IS NULL AND h.reason = 'epoch' AND (
                EXISTS (SELECT FROM forgotten_claims AS f
                    WHERE f.shard = 0 AND f.code_id = h.code_id)
                OR CAST(:since AS timestamptz) IS NOT NULL
                    AND h.transfer_id >= first_id_at(CAST(:since AS timestamptz)))
            """
        ),
        {"since": frozen_since},
    )
    return list(rows.scalars())


async def replayed_numbers(conn: AsyncConnection) -> frozenset[str]:
    """Tell which entries of the journal this database has been told already."""
    rows = await conn.execute(
        text("SELECT detail ->> 'replays' FROM audit_log WHERE detail ? 'replays'")
    )
    return frozenset(rows.scalars())


async def knows(conn: AsyncConnection, kind: str, number: int) -> bool:
    """Tell whether this database has the change or audit entry itself."""
    table, column = (
        ("range_changes", "change_id")
        if kind in {"void", "recall"}
        else ("audit_log", "audit_id")
    )
    found = await conn.execute(
        text(f"SELECT EXISTS (SELECT FROM {table} WHERE {column} = :number)"),  # noqa: S608 - our own names
        {"number": number},
    )
    return bool(found.scalar_one())
