"""What runs beside the workers, in processes of `crowncap jobs`; several may run.

Each job takes its time from when it was due. What is forgotten for good goes by
PostgreSQL's clock as well, if that is behind.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.pipeline.cases.closing import close_ended
from anti_fraud.pipeline.cases.forgetting import forget_networks
from anti_fraud.pipeline.cases.resolving import resolve_some
from anti_fraud.pipeline.clusters import forget_links
from anti_fraud.pipeline.outflows import watch_outflows
from anti_fraud.pipeline.shadows import end_due_shadow, forget_differences
from anti_fraud.pipeline.win_rates import count_wins
from anti_fraud.store.breaker import forget_refusals
from anti_fraud.store.guesses import forget_invalid
from core.auth.idempotency import prune_keys
from core.clock import business_day, to_ms, utc_datetime
from core.database_clock import DatabaseClock
from core.db import CONNECTION_BOUNDS, create_engine, try_briefly
from core.jobs import SCHEMA
from core.settings import Settings
from crowncap.awarded_cards import AwardedCards
from crowncap.background import keep_going, watch_loop
from crowncap.case_ports import case_ports, find_ended, find_network_kinds
from crowncap.counting import count_figures, count_fraud
from crowncap.coupon_codes import CouponSealing
from crowncap.following import FOLLOW_WITHIN_S, follow_goods, follow_links
from crowncap.outflow_ports import read_given
from crowncap.paying import payout_sender
from crowncap.recovery.store import load_freeze
from crowncap.roll_ports import roll_reader
from crowncap.secret_boxes import BoxInfo, open_box
from crowncap.server_urls import issuance_of
from crowncap.tellers import TELLERS, webhook_terms
from crowncap.worker_reports import WorkerReports
from events.pipeline.events import forget_events
from events.pipeline.pump import WebhookPump
from events.pipeline.webhooks import forget_deliveries
from printer_export.store.aggregation.dealers import find_dealers
from rewards.pipeline.awarding import Awarding
from rewards.pipeline.completions import SetAwarding
from rewards.pipeline.coupons.numbers import CouponNumbers
from rewards.pipeline.draws.drawing import Drawing
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.sending import PayoutSender
from rewards.pipeline.points.expiring import (
    expire_points,
    repay_debts,
    warn_of_expiry,
)
from rewards.pipeline.seals import seal_some
from rewards.store.limits import forget_uses
from scan_api.pipeline.backtesting import Backtesting
from scan_api.pipeline.case_looks import open_for_rules
from scan_api.pipeline.case_sorting import CaseSorting
from scan_api.pipeline.worker_lease import LeasedIds

HOURLY: Final = "7 * * * *"
DAILY: Final = "23 19 * * *"
EACH_MINUTE: Final = "* * * * *"
TEN_MINUTES: Final = "*/10 * * * *"
# What members took on days that are over. Longer than any scan is dated back (the week
# behind a demo), since a row that is taken from again would begin at nothing. A hold
# that ends later finds no row to give back to, and nobody misses it.
USES_KEPT: Final = timedelta(days=8)
# Whoever looks after jobs that failed has as long to see them.
FAILED_KEPT_H: Final = 14 * 24
# Draws are put into the queue so long before they are due.
_DRAWS_AHEAD: Final = timedelta(minutes=3)
_CONCURRENT: Final = 4
_CONNECTIONS: Final = 6
_STOP_WITHIN_S: Final = 10.0

log = structlog.get_logger(logger_name=__name__)


def open_queue(database_url: str) -> App:
    """Make the queue's own way to PostgreSQL, which is opened later."""
    return App(
        connector=PsycopgConnector(
            conninfo=database_url,
            min_size=1,
            max_size=_CONNECTIONS,
            kwargs={
                "application_name": "crowncap jobs",
                "options": f"-c search_path={SCHEMA}",
            }
            | CONNECTION_BOUNDS,
        ),
        # What was due while no process ran is due once, when one runs again.
        periodic_defaults={"max_delay": 24 * 3600},
    )


@dataclass(slots=True)
class JobRunner:
    """One process that runs jobs."""

    database_url: str
    settings: Settings
    engine: AsyncEngine = field(init=False)
    queue: App = field(init=False)
    clock: DatabaseClock = field(default_factory=DatabaseClock)
    ids: LeasedIds = field(init=False)
    sender: PayoutSender | None = field(init=False)

    def __post_init__(self) -> None:
        self.engine = create_engine(self.database_url)
        self.queue = open_queue(self.database_url)
        self.ids = LeasedIds(database_url=self.database_url, clock=self.clock)
        self.sender = payout_sender(self.settings, self.engine, self.clock, self.ids)
        for name, cron, work in (
            ("forget_keys", HOURLY, self._forget_keys),
            ("forget_events", HOURLY, self._forget_events),
            ("forget_deliveries", HOURLY, self._forget_deliveries),
            ("forget_uses", DAILY, self._forget_uses),
            ("count_figures", EACH_MINUTE, self._count_figures),
            ("count_fraud", EACH_MINUTE, self._count_fraud),
            ("lapse_payouts", HOURLY, self._lapse_payouts),
            ("expire_points", HOURLY, self._expire_points),
            ("repay_debts", EACH_MINUTE, self._repay_debts),
            ("seal_transfers", EACH_MINUTE, self._seal_transfers),
            ("resolve_cases", EACH_MINUTE, self._resolve_cases),
            ("close_cases", EACH_MINUTE, self._close_cases),
            ("forget_networks", DAILY, self._forget_networks),
            ("look_at_scans", EACH_MINUTE, self._look_at_scans),
            ("follow_links", EACH_MINUTE, self._follow_links),
            ("forget_links", DAILY, self._forget_links),
            ("forget_fraud", DAILY, self._forget_fraud),
            ("end_shadow", EACH_MINUTE, self._end_shadow),
            ("count_dealers", EACH_MINUTE, self._count_dealers),
            ("count_wins", EACH_MINUTE, self._count_wins),
            ("watch_outflows", TEN_MINUTES, self._watch_outflows),
        ):
            self._repeat(name, cron, work)
        self._look_after_jobs()
        self._draw_when_due()

    async def run(self) -> None:
        """Run what is due until cancelled; what is under way then may end."""
        await self.clock.measure(self.engine)
        await self.ids.renew()
        issuance = issuance_of(self.settings)
        numbers = CouponNumbers(self.engine, CouponSealing(issuance).codes())
        awarding = Awarding(
            *(self.ids, self.settings.timezone, numbers.take),
            AwardedCards(issuance.key_file).pick,
        )
        sets = SetAwarding(self.engine, self.clock, awarding)
        sorting = CaseSorting(
            *(self.engine, self.clock, self.ids, self.settings.timezone), find_dealers
        )
        backtesting = Backtesting(self.engine, self.clock, self.settings.timezone)
        terms = webhook_terms(self.settings)
        pump = WebhookPump(
            self.engine,
            self.clock,
            terms.open_box(),
            TELLERS,
            terms.reach,
        )
        beside = [
            asyncio.create_task(keep_going("clock", self._follow_clock)),
            asyncio.create_task(keep_going("webhooks", pump.run)),
            asyncio.create_task(keep_going("number", self.ids.hold)),
            asyncio.create_task(keep_going("card sets", sets.run)),
            asyncio.create_task(keep_going("cases", sorting.run)),
            asyncio.create_task(keep_going("backtests", backtesting.run)),
        ]
        if self.sender is not None:
            sending = keep_going("payouts", self.sender.run)
            beside.append(asyncio.create_task(sending))
        try:
            async with self.queue.open_async():
                await self.queue.run_worker_async(
                    concurrency=_CONCURRENT,
                    delete_jobs="successful",
                    # The loop's own are set by whoever runs this.
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=_STOP_WITHIN_S,
                )
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.ids.give_back()
            await self.engine.dispose()

    async def _follow_clock(self) -> None:
        await self.clock.follow(self.engine)

    def _repeat(
        self, name: str, cron: str, work: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """Register work to be done at the times of a cron line, in UTC."""

        async def at_its_time(timestamp: int) -> None:
            await work(utc_datetime(timestamp * 1_000))

        task = self.queue.task(name=name, queueing_lock=name, lock=name)(at_its_time)
        self.queue.periodic(cron=cron)(task)

    def _look_after_jobs(self) -> None:
        """Take up jobs of processes that died, and drop failed ones of weeks ago."""

        @self.queue.periodic(cron=EACH_MINUTE)
        @self.queue.task(
            name="retry_stalled", queueing_lock="stalled", pass_context=True
        )
        async def _retry_stalled(context: JobContext, timestamp: int) -> None:
            del timestamp
            jobs = context.app.job_manager
            for job in await jobs.get_stalled_jobs():
                log.warning("job_taken_up_again", job=job.id, task=job.task_name)
                await jobs.retry_job(job)

        @self.queue.periodic(cron=DAILY)
        @self.queue.task(name="forget_jobs", queueing_lock="forget", pass_context=True)
        async def _forget_jobs(context: JobContext, timestamp: int) -> None:
            del timestamp
            await context.app.job_manager.delete_old_jobs(
                FAILED_KEPT_H, include_failed=True, include_aborted=True
            )

    def _draw_when_due(self) -> None:
        """Draw what is due; a job of each draw names it, and its row is the record."""
        drawing = Drawing(
            self.engine,
            self.clock,
            DrawSecrets(partial(open_box, self.settings, BoxInfo.DRAWS)),
            self.settings.timezone,
        )

        @self.queue.task(name="draw")
        async def _draw(draw_no: int) -> None:
            outcome = await drawing.draw(draw_no)
            log.info("draw", draw_no=draw_no, outcome=outcome.value)

        # One that failed, or whose process died, is due again with the next minute.
        async def _kick(due: datetime) -> None:
            async with self.engine.connect() as conn:
                # What was restored may have forgotten tickets, or the draw itself.
                if await load_freeze(conn) is not None:
                    return
            for draw_no, draws_at in await drawing.list_due(due + _DRAWS_AHEAD):
                draw = self.queue.configure_task(
                    "draw", queueing_lock=f"draw {draw_no}", schedule_at=draws_at
                )
                with contextlib.suppress(AlreadyEnqueued):
                    await draw.defer_async(draw_no=draw_no)

        self._repeat("kick_draws", EACH_MINUTE, _kick)

    def _earlier(self, due: datetime) -> datetime:
        return min(due, utc_datetime(self.clock.earliest_ms()))

    async def _forget_keys(self, due: datetime) -> None:
        await self._until_none(partial(prune_keys, now=self._earlier(due)))

    async def _forget_events(self, due: datetime) -> None:
        await self._until_none(partial(forget_events, now=self._earlier(due)))

    async def _forget_deliveries(self, due: datetime) -> None:
        await self._until_none(partial(forget_deliveries, now=self._earlier(due)))

    async def _count_figures(self, due: datetime) -> None:
        # What happened since is counted by the clock that wrote it down.
        await count_figures(
            self.engine,
            timezone=self.settings.timezone,
            now=lambda: self._earlier(due),
        )

    async def _count_fraud(self, due: datetime) -> None:
        # What happened since is counted by the clock that wrote it down.
        await count_fraud(
            self.engine,
            timezone=self.settings.timezone,
            now=lambda: self._earlier(due),
        )

    async def _until_none(
        self, step: Callable[[AsyncConnection], Awaitable[int]]
    ) -> None:
        while await try_briefly(self.engine, step):
            pass

    async def _lapse_payouts(self, due: datetime) -> None:
        ends = PayoutEnds(self.ids, self.clock, self.settings.timezone)
        await self._until_none(partial(ends.lapse_some, now=self._earlier(due)))

    async def _expire_points(self, due: datetime) -> None:
        """Warn of what ends, and let go what ended before the day on which this is."""
        day = business_day(to_ms(self._earlier(due)), self.settings.timezone)
        await self._until_none(partial(warn_of_expiry, day=day))
        await self._until_none(partial(expire_points, day=day, next_id=self._next_id))

    async def _repay_debts(self, due: datetime) -> None:
        del due
        await self._until_none(partial(repay_debts, next_id=self._next_id))

    async def _seal_transfers(self, due: datetime) -> None:
        await self._until_none(partial(seal_some, now=due))

    async def _resolve_cases(self, due: datetime) -> None:
        ports = case_ports(self.settings.timezone)
        resolve = partial(resolve_some, ports=ports, next_id=self._next_id)
        await self._until_none(partial(resolve, now=self._earlier(due)))

    async def _close_cases(self, due: datetime) -> None:
        close = partial(close_ended, find_ended=find_ended, next_id=self._next_id)
        await self._until_none(partial(close, now=self._earlier(due)))

    async def _forget_networks(self, due: datetime) -> None:
        find = partial(find_network_kinds, timezone=self.settings.timezone)
        forget = partial(forget_networks, find_kinds=find, now=self._earlier(due))
        await self._until_none(forget)

    async def _look_at_scans(self, due: datetime) -> None:
        look = partial(open_for_rules, next_id=self._next_id, find_dealers=find_dealers)
        look = partial(look, timezone=self.settings.timezone, now=self._earlier(due))
        while await try_briefly(self.engine, look, limit_s=FOLLOW_WITHIN_S):
            pass

    async def _follow_links(self, due: datetime) -> None:
        timezone = self.settings.timezone
        await follow_links(self.engine, timezone, self._earlier(due))

    async def _count_dealers(self, due: datetime) -> None:
        timezone = self.settings.timezone
        await follow_goods(self.engine, timezone, self._earlier(due))

    async def _count_wins(self, due: datetime) -> None:
        zone = self.settings.timezone
        read = roll_reader(issuance_of(self.settings).key_file, zone)
        count = partial(count_wins, read_rolls=read, timezone=zone)
        step = partial(count, now=self._earlier(due))
        while await try_briefly(self.engine, step, limit_s=FOLLOW_WITHIN_S):
            pass

    async def _watch_outflows(self, due: datetime) -> None:
        watch = partial(watch_outflows, read_given=read_given)
        step = partial(watch, timezone=self.settings.timezone, now=self._earlier(due))
        await try_briefly(self.engine, step)

    async def _forget_links(self, due: datetime) -> None:
        forget = partial(forget_links, timezone=self.settings.timezone)
        await self._until_none(partial(forget, now=self._earlier(due)))

    async def _forget_fraud(self, due: datetime) -> None:
        await self._until_none(partial(forget_differences, now=self._earlier(due)))
        await self._until_none(partial(forget_invalid, now=self._earlier(due)))
        await try_briefly(self.engine, forget_refusals)

    async def _end_shadow(self, due: datetime) -> None:
        end = partial(end_due_shadow, now=self._earlier(due))
        await self._until_none(end)

    def _next_id(self) -> int:
        return self.ids.next_id(self.clock.now_ms())

    async def _forget_uses(self, due: datetime) -> None:
        block: int | None = 0
        before = (self._earlier(due) - USES_KEPT).astimezone(UTC).date()
        while block is not None:
            forget = partial(forget_uses, before=before, first_block=block)
            block = await try_briefly(self.engine, forget)


async def run_jobs(
    database_url: str, settings: Settings, reports: WorkerReports | None = None
) -> None:
    """Run jobs until SIGINT or SIGTERM, and beat meanwhile for who watches over it."""
    loop = asyncio.get_running_loop()
    watch_loop(loop)
    running = asyncio.create_task(JobRunner(database_url, settings).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    beats = asyncio.create_task((reports or WorkerReports()).beat_forever())
    try:
        await running
    except asyncio.CancelledError:
        log.info("jobs_stopped")
    finally:
        beats.cancel()
