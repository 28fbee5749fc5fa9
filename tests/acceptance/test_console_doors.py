"""Every page of the console, asked for by every role, and kept as a page is."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from litestar.routes import HTTPRoute

import console
from core.auth import Role
from tests.fixtures.colleague import at_work
from tests.fixtures.service import Service

_ALL: Final = " ".join(Role)
_VIEW: Final = "line issuer analyst support"
_PACKAGES: Final = "line issuer printhouse"
# Who enters, beside admins, by the address; what is not here is a mistake.
MAY: Final = {
    "": _ALL,
    "sign-out": _ALL,
    "batches/{batch_id}": _VIEW,
    "batches/{batch_id}/codes/{index}": _VIEW,
    "batches/{batch_id}/order": "line issuer",
    "batches/{batch_id}/report": "line",
    "packages/{package_id}": _PACKAGES,
    "packages/{package_id}/approve": "issuer",
    "packages/{package_id}/cancel": "issuer",
    "packages/{package_id}/password": "issuer",
    "packages/{package_id}/content": _PACKAGES,
    "batches/{batch_id}/report-preview": "line",
    "reports/{report_id}": "line issuer analyst",
    "reports/{report_id}/wrong-rows.csv": "line issuer analyst",
    "report-templates/{name}": "line printhouse",
    "codes": _VIEW,
    "plants": "line issuer analyst",
    **dict.fromkeys(
        (
            *("cases", "cases/next", "cases/keys.js", "cases/{case_id}"),
            *("rules", "rules/rollback", "rules/{version}", "rules/{version}/edit"),
            *("rules/{version}/commit", "rules/{version}/activate"),
            *("judged-scans/{scan_id}", "rules/{version}/backtest"),
            *("rules/{version}/shadow", "rules/{version}/shadow/end"),
            *("backtests/{backtest_id}", "backtests/{backtest_id}/cancel"),
            *("lists", "lists/remove", "fraud", "incidents"),
            "honey-codes",
            *("cases/{case_id}/act", "actions/{action_id}/undo"),
        ),
        "analyst",
    ),
    "leaks": "line issuer analyst",
    "leaks/void": "line issuer",
    **dict.fromkeys(
        ("recalls", "recalls/{recall_id}", "void-requests/{recall_id}"), _VIEW
    ),
    "recalls/{recall_id}/approve": "issuer",
    "void-requests/{recall_id}/approve": "issuer",
    "campaigns": "marketer analyst support",
    "campaigns/{campaign_id}": "marketer analyst support",
    "campaigns/{campaign_id}/entries.csv": "marketer analyst support",
    "campaigns/{campaign_id}/preview": "marketer support",
    **dict.fromkeys(
        (
            *("new-campaign", "campaigns/{campaign_id}/edit"),
            *(
                f"campaigns/{{campaign_id}}/{step}"
                for step in ("pause", "resume", "stop", "approve", "activate")
            ),
        ),
        "marketer",
    ),
    **dict.fromkeys(("draws", "draws/{draw_id}"), "marketer support"),
    **dict.fromkeys(("card-sets", "card-sets/{set_id}"), "marketer analyst"),
    **dict.fromkeys(("new-draw", "new-card-set", "gifts"), "marketer"),
    **dict.fromkeys(("programme", "programme/approve"), "marketer"),
    **dict.fromkeys(("parcels", "parcels/ship", "parcels/hand-over"), "support"),
    **dict.fromkeys(
        ("coupons", "coupons/pools", "coupons/stores", "coupons/stock"), "marketer"
    ),
    **dict.fromkeys(
        (
            *("find", "member", "member/adjust", "adjustments", "adjustments/approve"),
            "adjustments/reject",
            *("scans/{scan_id}", "scans/{scan_id}/reverse", "coupon/{coupon_no}"),
            *("coupon/{coupon_no}/void", "coupon/{coupon_no}/return"),
            *("payouts", "payouts/cancel"),
        ),
        "support",
    ),
    **dict.fromkeys(
        (
            *("till", "till/camera.js", "till/pictures"),
            *("till/redemptions", "till/reversals"),
        ),
        "cashier",
    ),
    **dict.fromkeys(
        (
            *("jobs", "webhooks", "webhooks/add", "webhooks/{endpoint_id}"),
            *("webhooks/{endpoint_id}/rotate", "webhooks/{endpoint_id}/end"),
            "webhooks/{endpoint_id}/deliveries/{event}",
        ),
        "",
    ),
}
# These ask nobody who they are.
_OPEN: Final = frozenset({"sign-in", "{rest}"})


def doors() -> Iterator[tuple[str, str]]:
    """List every way in: its method, and its address below /console."""
    for route in console.ROUTER.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            for method in sorted(route.methods & {"GET", "POST"}):
                yield method, path.removeprefix("/console").removeprefix("/")


def test_who_enters_is_said_of_every_page() -> None:
    """A page that is added comes with its line here."""
    assert {path for _, path in doors()} == MAY.keys() | _OPEN


@pytest.mark.parametrize("role", list(Role))
def test_a_role_enters_its_own_pages_and_each_is_kept_as_a_page(
    service: Service, role: Role
) -> None:
    """The others say no; none can be framed, cached, or runs what is not ours."""
    with at_work(service, service.staff(role.value)) as colleague:
        for method, path in doors():
            if path in _OPEN:
                continue
            place = "/console/" + re.sub(r"\{\w+\}", "1", path)
            if method == "GET":
                answer = colleague.get(place.rstrip("/"))
                is_refused = answer.status_code == 403
            else:
                # Whoever may enter is told of the token, and nothing is done.
                answer = colleague.post(place, {"token": "x" * 32})
                assert answer.status_code == 403, place
                is_refused = "token is missing or old" not in answer.text
            allowed = role is Role.ADMIN or role.value in MAY[path].split()
            assert is_refused == (not allowed), f"{method} {place}"
            assert answer.status_code < 500, f"{method} {place}"
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, place
            assert "frame-ancestors 'none'" in policy, place
            assert "unsafe" not in policy, place
            assert answer.headers["cache-control"] == "no-store", place
            assert answer.headers["x-content-type-options"] == "nosniff", place
