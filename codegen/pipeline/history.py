"""What became of one code: how it stands, and what moved it since its issue."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch
from codegen.domain.ranges import CodeState, StateChange


@dataclass(frozen=True, slots=True)
class StateHistory:
    """How a code stands, and what moved it, oldest first."""

    code_state: CodeState
    changes: tuple[StateChange, ...]


async def load_state_history(
    conn: AsyncConnection, batch: Batch, code_id: int
) -> StateHistory:
    """Read the states of a code of a batch that its caller may see."""
    changes = await store.find_state_changes(conn, batch.batch_id, code_id)
    return StateHistory(await store.find_code_state(conn, code_id), tuple(changes))
