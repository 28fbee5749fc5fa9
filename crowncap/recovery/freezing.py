"""Looks, at a start, whether the database is the one the files were written with.

One that is older was restored, or failed over to a copy that lagged. It starts frozen:
scans are answered, what they would pay is held, and nothing is paid until `crowncap
thaw`. What Redis still knows of forgotten claims is written down before any filter is
filled anew, and tokens that were revoked since are revoked again at once.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.keyring import HighWaterMark, Newest
from codegen.store import load_segments
from core.auth.members import MemberSigner
from core.auth.sessions import end_all_sessions
from core.clock import utc_datetime
from core.errors import MisconfiguredError
from core.ids import time_of_id
from core.outbox import begin_era
from core.redis import RedisAway, RedisClient
from core.settings import Settings
from crowncap.recovery import store
from crowncap.recovery.claims import claims_after
from crowncap.recovery.replay import revoke_again
from crowncap.recovery.store import Freeze
from printer_export.files.signing import SigningKeyFile
from rewards.store.draws.tickets import skip_ticket_numbers
from scan_api.store.filters import SEGMENT_SERIALS, claimed_key

_CODES_A_STEP = 10_000
# More tickets than a draw adds between a backup and the restore.
_TICKETS_SKIPPED = 1_000_000_000

log = structlog.get_logger(logger_name=__name__)


async def look_back(
    conn: AsyncConnection,
    redis: RedisClient,
    high_water: HighWaterMark,
    claims: Path,
    *,
    now: datetime,
) -> str | None:
    """Freeze a database that has forgotten something; gives a sentence if it is frozen.

    Numbers that were given after the backup are skipped. `claims` is the directory of
    crowncap.recovery.claims.
    """
    frozen = await store.load_freeze(conn)
    known = high_water.newest()
    here = await store.read_newest(conn)
    told = here.at_least(await store.load_answered(conn))
    restored = restored_marker(high_water)
    if not told.is_behind(known) and not restored.exists():
        return None if frozen is None else _frozen_sentence(frozen)
    found = _describe(here, known, restored, now)
    await store.freeze(conn, found, known)
    await store.skip_numbers(conn, known)
    await skip_ticket_numbers(conn, _TICKETS_SKIPPED)
    await begin_era(conn)
    await end_all_sessions(conn, now=now)
    forgotten = await _note_written_claims(conn, claims, here)
    forgotten += await _note_claims_of_redis(conn, redis)
    revoked = await revoke_again(conn, high_water, now=now)
    log.error(
        "installation_frozen",
        why=found.why,
        forgotten_claims=forgotten,
        tokens_revoked_again=revoked,
        mend="docs/operations.md: After a restore",
    )
    return _frozen_sentence(found)


def restored_marker(high_water: HighWaterMark) -> Path:
    """Name the file that `crowncap restore` leaves; it goes once the freeze is kept."""
    return high_water.path.with_name("restored.json")


def _describe(here: Newest, known: Newest, restored: Path, now: datetime) -> Freeze:
    parts = []
    if here.change < known.change:
        parts.append(f"changes of codes {here.change + 1} to {known.change}")
    if here.batch < known.batch:
        parts.append(f"batches {here.batch + 1} to {known.batch}")
    if here.audit < known.audit:
        parts.append(f"{known.audit - here.audit} entries of the audit log")
    since, until = _time_of(here.scan), _time_of(known.scan)
    if here.scan < known.scan:
        parts.append(f"scans from {_word(since)} to {_word(until)}")
    if not parts:
        until, taken = now, _read_taken_at(restored)
        since = since or taken
        parts.append(f"whatever happened after its backup of {_word(taken)}")
    why = (
        f"This database is older than the files beside it. It lacks {', '.join(parts)}."
    )
    return Freeze(now, why, since, until)


def _read_taken_at(restored: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(
            json.loads(restored.read_text())["backup_taken_at"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _time_of(scan_id: int) -> datetime | None:
    return utc_datetime(time_of_id(scan_id)) if scan_id else None


def _word(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _frozen_sentence(frozen: Freeze) -> str:
    return (
        f"FROZEN since {_word(frozen.at)}: {frozen.why} Scans are answered and rewards "
        "held; nothing is paid. Next: crowncap replay, then crowncap thaw "
        "(docs/operations.md, After a restore)."
    )


# What is known of forgotten claims ----------------------------------------------------


async def _note_written_claims(
    conn: AsyncConnection, directory: Path, here: Newest
) -> int:
    """Write down the codes that this machine's files say were claimed since."""
    noted = 0
    for code_ids in claims_after(directory, here.scan):
        for at in range(0, len(code_ids), _CODES_A_STEP):
            part = code_ids[at : at + _CODES_A_STEP].tolist()
            fresh = await store.keep_unclaimed(conn, part)
            noted += await store.note_forgotten_claims(conn, fresh)
    return noted


async def _note_claims_of_redis(conn: AsyncConnection, redis: RedisClient) -> int:
    """Write down the codes that Redis calls claimed and this database does not."""
    noted = 0
    try:
        for segment in await load_segments(conn):
            bits = await redis.call(b"GET", claimed_key(segment))
            for code_ids in _set_bits(segment, bits or b""):
                fresh = await store.keep_unclaimed(conn, code_ids)
                noted += await store.note_forgotten_claims(conn, fresh)
    except RedisAway as fault:
        log.warning("forgotten_claims_not_read", cause=fault.__cause__ or fault)
    return noted


def _set_bits(segment: int, bits: bytes) -> Iterator[list[int]]:
    claimed = np.unpackbits(np.frombuffer(bits[: SEGMENT_SERIALS // 8], np.uint8))
    offsets = np.flatnonzero(claimed)
    for at in range(0, len(offsets), _CODES_A_STEP):
        part = offsets[at : at + _CODES_A_STEP]
        yield (part + segment * SEGMENT_SERIALS).tolist()


# Keys that belong to a database -------------------------------------------------------


async def check_fingerprints(conn: AsyncConnection, settings: Settings) -> None:
    """Refuse a start with other keys than this database's; make those of a new one.

    Raises MisconfiguredError. A signing key made in silence would sign packages that no
    print house believes, and unwrap no password.
    """
    signing_id, member_id = await store.load_fingerprints(conn)
    file = SigningKeyFile(settings.signing_key)
    if not file.path.exists():
        if signing_id is not None or await store.has_packages(conn):
            raise MisconfiguredError(
                f"The signing key at {file.path} is missing, and this database's "
                "packages were signed with it. Restore it from your backup of keys; "
                "print houses have pinned it, so another one is no use."
            )
        file.create()
    signing = file.load().key_id
    if signing_id not in {None, signing}:
        raise MisconfiguredError(
            f"The signing key at {file.path} is {signing}, but this database's "
            f"packages were signed with {signing_id}. Restore the right key file."
        )
    own = None
    if settings.member_jwks is None:
        keys = settings.data_dir / "keys"
        if member_id is not None and not (keys / "member-signing.pem").exists():
            raise MisconfiguredError(
                f"The key of members' tokens, {keys / 'member-signing.pem'}, is "
                "missing: nobody who is signed in would be known. Restore it from your "
                "backup of keys."
            )
        own = MemberSigner.load_or_create(keys).key_id
        if member_id not in {None, own}:
            raise MisconfiguredError(
                f"{keys / 'member-signing.pem'} is not the key of this database's "
                "members. Restore the right key file."
            )
    await store.note_fingerprints(conn, signing_key_id=signing, member_key_id=own)
