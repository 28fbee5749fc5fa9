"""The application: every feature's routes on one server."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
)
from ipaddress import ip_address
from typing import Any, Final

from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import REGISTRY as ONE_PROCESS
from prometheus_client.multiprocess import MultiProcessCollector

import anti_fraud.routes
import codegen.routes
import console
import crowncap.problem_pages
import events.routes.events
import events.routes.webhooks
import printer_export.routes
import rewards.routes
import scan_api.page
import scan_api.routes.backtests
import scan_api.routes.evaluations
import scan_api.routes.fakes
import scan_api.routes.past_scans
import scan_api.routes.rule_previews
from console import ConsoleContext
from core.auth import Principal, Role, require_role
from core.doors import StrictRequest, find_principal
from core.errors import Forbidden
from core.ids import begin_request
from core.log import RequestIds
from core.messages import Message, encode_plainly
from core.openapi import DocumentPlugin, name_operation
from core.settings import Settings
from crowncap.admission import Admission
from crowncap.case_ports import case_ports
from crowncap.code_spans import find_code_span
from crowncap.goods import GoodsFinder
from crowncap.head import answer_head
from crowncap.health import HealthDoor, notes_of, telling_the_main_process
from crowncap.http import answer_raised, with_headers
from crowncap.messages import message
from crowncap.tellers import TELLERS, webhook_terms
from crowncap.till_pictures import PictureReading
from crowncap.till_symbols import draw_symbol
from crowncap.worker import Worker
from crowncap.worker_reports import WorkerReports
from printer_export.pipeline.aggregation.units import find_packed_codes
from scan_api.page import PageContext, WalletPorts, asks_for_page, show_refusal
from scan_api.pipeline.claim_facts import find_scan_regions
from scan_api.routes.openapi import SCAN_ROUTE
from scan_api.store.past_scans import find_earning_scans

MAX_BODY = 4 * 1024 * 1024
# What each feature, and the console, answers.
_ROUTERS: Final = (
    codegen.routes.ROUTER,
    anti_fraud.routes.ROUTER,
    printer_export.routes.ROUTER,
    printer_export.routes.PUBLIC_ROUTER,
    rewards.routes.ROUTER,
    rewards.routes.PUBLIC_ROUTER,
    scan_api.routes.past_scans.ROUTER,
    scan_api.routes.evaluations.ROUTER,
    scan_api.routes.rule_previews.ROUTER,
    scan_api.routes.backtests.ROUTER,
    scan_api.page.ROUTER,
    scan_api.routes.fakes.ROUTER,
    events.routes.events.ROUTER,
    events.routes.webhooks.ROUTER,
    console.ROUTER,
    crowncap.problem_pages.ROUTER,
)


def create_app(reports: WorkerReports) -> ASGIApp:
    """Build a worker's application from the environment."""
    worker = Worker(Settings.from_env(os.environ), reports=reports)
    return front_door(worker, build_app(worker))


def front_door(worker: Worker, app: ASGIApp) -> ASGIApp:
    """Let health in past every bound, scans past the framework, the rest into it."""
    health = HealthDoor(worker.readiness.readiness)
    scan = worker.scan_route
    others = with_headers(answer_head(app))

    async def enter(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/scans":
            await scan(scope, receive, send)
        else:
            await others(scope, receive, send)

    admission = Admission(enter, worker.settings.trusted_proxies)

    async def open_door(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"].startswith("/health/"):
            await health(scope, receive, send)
        else:
            begin_request(scope["headers"])
            await admission(scope, receive, send)

    return open_door


def _telling_health(worker: Worker) -> AbstractAsyncContextManager[None]:
    if worker.settings.health_port is None:
        return nullcontext()
    return telling_the_main_process(
        worker.readiness.readiness, notes_of(worker.settings.data_dir)
    )


def _console_context(worker: Worker) -> ConsoleContext:
    return ConsoleContext(
        worker.settings,
        worker.clock,
        worker.engine,
        worker.packaging,
        worker.guesses,
        worker.refusals,
        worker.coupon_redeeming,
        console.TEXTS,
        webhook_terms(worker.settings),
        worker.payouts,
        GoodsFinder(worker.issuance.key_file).find,
        worker.opening.ids,
        worker.ticket_taking.secrets,
        worker.gift_claiming.addresses,
        find_earning_scans,
        PictureReading().read,
        case_ports(worker.settings.timezone),
        find_code_span,
    )


def build_app(worker: Worker) -> Litestar:
    """Put every route on one application."""

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with worker.running(), _telling_health(worker):
            yield

    context = PageContext(
        worker.settings,
        worker.clock,
        worker.engine,
        worker.authenticator.members,
        worker.codes,
        worker.opening,
        WalletPorts(
            worker.coupon_redeeming.codes,
            worker.gift_claiming,
            draw_symbol,
            worker.ticket_taking,
            worker.prize_claiming,
            worker.payouts,
            find_earning_scans,
        ),
        lambda: worker.codes.states.current.brands,
    )
    staff_pages = _console_context(worker)
    return Litestar(
        route_handlers=[*_ROUTERS, show_metrics],
        lifespan=[lifespan],
        dependencies=_dependencies(worker)
        | {
            "context": _giving(lambda: context),
            "console": _giving(lambda: staff_pages),
            "terms": _giving(lambda: staff_pages.webhooks),
        },
        state=State(
            {"authenticator": worker.authenticator, "refusals": worker.refusals}
        ),
        request_class=StrictRequest,
        type_encoders={Message: encode_plainly},
        middleware=[RequestIds()],
        exception_handlers={
            HTTPException: _telling_people(context),
            Exception: answer_raised,
        },
        request_max_body_size=MAX_BODY,
        openapi_config=OpenAPIConfig(
            title="Crowncap",
            version="1",
            path="/schema",
            operation_id_creator=name_operation,
            render_plugins=[DocumentPlugin(SCAN_ROUTE)],
        ),
        debug=False,
    )


def _dependencies(worker: Worker) -> dict[str, Provide]:
    """Name what handlers are handed of a worker."""
    return {
        "principal": Provide(find_principal),
        "engine": _giving(lambda: worker.engine),
        "redis": _giving(lambda: worker.redis),
        "clock": _giving(lambda: worker.clock),
        "once": _giving(lambda: worker.once),
        "issuance": _giving(lambda: worker.issuance),
        "packaging": _giving(lambda: worker.packaging),
        "timezone": _giving(lambda: worker.settings.timezone),
        "coupon_issuing": _giving(lambda: worker.coupon_issuing),
        "coupon_redeeming": _giving(lambda: worker.coupon_redeeming),
        "gift_claiming": _giving(lambda: worker.gift_claiming),
        "prize_claiming": _giving(lambda: worker.prize_claiming),
        "payouts": _giving(lambda: worker.payouts),
        "find_span": _giving(lambda: find_code_span),
        "find_goods": _giving(lambda: GoodsFinder(worker.issuance.key_file).find),
        "ids": _giving(lambda: worker.opening.ids),
        "ticket_taking": _giving(lambda: worker.ticket_taking),
        "addresses": _giving(lambda: worker.gift_claiming.addresses),
        "draw_secrets": _giving(lambda: worker.ticket_taking.secrets),
        "find_carton": _giving(lambda: find_packed_codes),
        "find_scans": _giving(lambda: find_earning_scans),
        "find_regions": _giving(lambda: find_scan_regions),
        "tellers": _giving(lambda: TELLERS),
        "case_ports": _giving(lambda: case_ports(worker.settings.timezone)),
    }


def _giving(give: Callable[[], Any]) -> Provide:
    return Provide(give, sync_to_thread=False)


def _telling_people(
    context: PageContext,
) -> Callable[[Request[Any, Any, Any], HTTPException], Response[bytes]]:
    """Make what tells people with a page what the framework refused, programs not."""

    def tell(request: Request[Any, Any, Any], fault: HTTPException) -> Response[bytes]:
        problem = answer_raised(request, fault)
        accept = request.headers.get("accept", "")
        if not asks_for_page(request.scope["path"], accept):
            return problem
        kept = {
            name: value
            for name, value in problem.headers.items()
            if name in {"allow", "retry-after"}
        }
        return show_refusal(request, context, problem.status_code or 500, kept)

    return tell


@get("/metrics", include_in_schema=False)
async def show_metrics(
    request: Request[Any, Any, Any], principal: Principal
) -> Response[bytes]:
    """Show Prometheus metrics on loopback, elsewhere with an admin token."""
    peer = request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers
    try:
        local = ip_address(peer).is_loopback and not forwarded
    except ValueError:
        local = False
    if not local:
        staff = require_role(principal, Role.ADMIN)
        if staff.brand is not None or staff.line is not None:
            raise Forbidden(message("metrics_of_all_brands"))
    registry = ONE_PROCESS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # untyped there
    return Response(
        generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST}
    )
