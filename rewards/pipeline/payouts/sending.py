"""Payouts are sent, asked after and ended: what is due, in batches, by any process.

1. What is due is taken in a transaction of its own. What waited counts as sent from its
   commit on, before its provider hears a word, with the account that it goes to.
2. The provider is asked. Whatever was taken before is asked after first, and sent again
   only under its own number, only when its provider says that it knows of none.
3. What was heard is written down under the rows' locks, and what has ended is ended.

Killed between any two steps, a payout is due again once its taker's time is over.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock, elapsed_s, utc_datetime
from core.ids import random_below
from core.secret_box import SecretBox
from rewards.domain.payouts import (
    NEVER_MADE,
    Answer,
    Bill,
    Heard,
    Patience,
    PayoutState,
    bill_no_of,
    next_state,
)
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.payees import open_account
from rewards.pipeline.payouts.provider import PayoutProvider
from rewards.store.payouts import payees
from rewards.store.payouts import sending as store
from rewards.store.payouts.sending import Due, Ending, Noted

TAKEN_AT_ONCE: Final = 64
# As many requests are under way at once; a merchant may send 100 a second.
AT_ONCE: Final = 16
LOOK_S: Final = 1.0
_DICE: Final = 1 << 20
_MOST_ATTEMPTS: Final = 1_000

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """An answer, and of which taking."""

    due: Due
    answer: Answer


@dataclass(slots=True)
class PayoutSender:
    """One process's sender; several may send."""

    engine: AsyncEngine
    clock: Clock
    ends: PayoutEnds
    box: SecretBox
    provider: PayoutProvider
    patience: Patience = field(default_factory=Patience)

    async def run(self) -> None:
        """Send and ask until cancelled."""
        while True:
            try:
                while await self.look_after_due():
                    pass
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away
                log.warning("payouts_not_sent", cause=fault)
            await asyncio.sleep(LOOK_S)

    async def look_after_due(self) -> int:
        """Look after some of what is due; tells how many, 0 when nothing is."""
        fresh, known, passed = await self._take()
        if not fresh and not known:
            return passed
        began = elapsed_s()
        few = asyncio.Semaphore(AT_ONCE)

        async def look(due: Due, *, is_fresh: bool) -> _Heard:
            async with few:
                answer = await (
                    self._send(due, began) if is_fresh else self._ask(due, began)
                )
            return _Heard(due, answer)

        heard = await asyncio.gather(
            *(look(due, is_fresh=True) for due in fresh),
            *(look(due, is_fresh=False) for due in known),
        )
        await self._note(heard)
        return len(heard) + passed

    async def _take(self) -> tuple[list[Due], list[Due], int]:
        """Take what is due: to be sent, to be asked after, and how many wait on."""
        now = self._now()
        until = now + self.patience.taken_for
        async with self.engine.begin() as conn:
            due = await store.lock_due(conn, now=now, limit=TAKEN_AT_ONCE)
            waiting = [each for each in due if each.state is PayoutState.WAITING]
            known = [each for each in due if each.state is not PayoutState.WAITING]
            # Looked up behind the locks of the rows: see payees.put_payee.
            accounts = await payees.load_accounts(conn, {w.member_no for w in waiting})
            fresh = [
                replace(each, account=accounts[each.member_no])
                for each in waiting
                if each.member_no in accounts
            ]
            without = [w.payout_id for w in waiting if w.member_no not in accounts]
            await store.wait_for_payee(conn, without)
            await store.take(conn, [each.payout_id for each in known], until=until)
            await store.take_to_send(
                conn,
                [(each.payout_id, each.account or b"") for each in fresh],
                provider=self.provider.name.value,
                now=now,
                until=until,
            )
        return fresh, known, len(without)

    async def _send(self, due: Due, began: float) -> Answer:
        # Who was stopped since it took this may not be believed about anything.
        if elapsed_s() - began > self.patience.gives_up_sending_after.total_seconds():
            return Answer(Heard.SILENT)
        return await self.provider.send(self._bill(due))

    async def _ask(self, due: Due, began: float) -> Answer:
        """Ask after a payout that was sent before, and do what follows."""
        bill = self._bill(due)
        answer = await self.provider.ask(bill)
        if due.cancelling:
            if answer.heard in {Heard.ACCEPTED, Heard.AWAITING_USER}:
                return await self.provider.cancel(bill)
            return answer
        is_missing = answer.heard is Heard.MISSING
        # Only an answer to sending tells what its member confirms it by.
        lacks_confirmation = (
            answer.heard is Heard.AWAITING_USER and due.confirmation is None
        )
        if (is_missing or lacks_confirmation) and await self._may_send_again(due):
            return await self._send(due, began)
        return answer

    async def _may_send_again(self, due: Due) -> bool:
        async with self.engine.begin() as conn:
            return await store.send_again(conn, due.payout_id, now=self._now())

    def _bill(self, due: Due) -> Bill:
        assert due.account is not None, "what was sent has an account"
        account = open_account(self.box, due.member_no, due.account)
        return Bill(bill_no_of(due.payout_id), account, due.minor, due.currency)

    async def _note(self, heard: Sequence[_Heard]) -> None:
        """Write down what was heard, and end what has ended."""
        now = self._now()
        async with self.engine.begin() as conn:
            rows = await store.lock_payouts(conn, [h.due.payout_id for h in heard])
            going_on: list[Noted] = []
            endings: list[Ending] = []
            changed: list[int] = []
            for each in heard:
                row = rows[each.due.payout_id]
                if row.state.is_over:
                    continue
                state, fault = self._judge(row, each.answer, now)
                if state.is_over:
                    endings.append(
                        self.ends.ending(row.payout_id, row.origin_id, state, fault)
                    )
                    continue
                noted = self._noted(row, state, each.answer, now)
                going_on.append(noted)
                if (state, noted.confirmation) != (row.state, row.confirmation):
                    changed.append(row.payout_id)
            await store.note(conn, going_on)
            await store.tell_payouts(conn, changed)
            await store.end_payouts(conn, endings)

    def _judge(
        self, row: Due, answer: Answer, now: datetime
    ) -> tuple[PayoutState, str | None]:
        """Tell how a payout stands by what was heard of it."""
        settled = row.sent_at is not None and (
            now - row.sent_at >= self.patience.settles_after
        )
        if row.cancelling and answer.heard is Heard.MISSING and settled:
            return PayoutState.CANCELLED, NEVER_MADE
        is_known = row.provider_ref is not None
        return next_state(row.state, answer.heard, is_known=is_known), answer.fault

    def _noted(
        self, row: Due, state: PayoutState, answer: Answer, now: datetime
    ) -> Noted:
        attempts = 0 if state is not row.state else row.attempts
        attempts = min(attempts + 1, _MOST_ATTEMPTS)
        dice = random_below(_DICE) / _DICE
        return Noted(
            row.payout_id,
            state,
            attempts,
            now + self.patience.wait(answer.heard, attempts, dice),
            answer.provider_ref or row.provider_ref,
            answer.fault,
            answer.confirmation or row.confirmation
            if state is PayoutState.SENT
            else None,
        )

    def _now(self) -> datetime:
        return utc_datetime(self.clock.now_ms())
