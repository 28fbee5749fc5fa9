"""Every route, called as every kind of caller: nobody, each role, and other brands'."""

from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from core.auth import Role
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.doors import Doors, operations
from tests.fixtures.service import Json, Service

_LINE: Final = "issuer line"
_READ: Final = "issuer line analyst"
_SUPPORT: Final = "issuer line analyst support"
_COUPONS: Final = "marketer support analyst app"
_TRADE: Final = "issuer line analyst support marketer"
_ALL: Final = "member " + " ".join(Role)
# Who may call an operation, beside admins. What is not here is a mistake.
MAY: Final = {
    "addProduct": "issuer",
    "showKit": "marketer",
    "putKit": "marketer",
    "listBatches": _TRADE,
    "issueBatch": "issuer",
    "showBatch": _TRADE,
    "listActivations": _TRADE,
    "activateCodes": _LINE,
    "voidCodes": _LINE,
    "moveStart": _LINE,
    "listRecalls": _SUPPORT,
    "requestRecall": "issuer",
    "showRecall": _SUPPORT,
    "approveRecall": "issuer",
    "listVoidRequests": _SUPPORT,
    "requestVoid": _LINE,
    "showVoidRequest": _SUPPORT,
    "approveVoid": "issuer",
    "orderPackage": _LINE,
    "listPackages": "issuer line printhouse",
    "showPackage": "issuer line printhouse",
    "approvePackage": "issuer",
    "tellPassword": "issuer",
    "cancelPackage": "issuer",
    "downloadPackage": "issuer line printhouse",
    "listReports": _READ,
    "addReport": "line",
    "showReport": _READ,
    "showReconciliation": _READ,
    "showPlaces": _READ,
    "showCodeHistory": _SUPPORT,
    "packUnits": _LINE,
    "unpackUnits": _LINE,
    "shipUnits": _LINE,
    "receiveUnits": _LINE,
    "activateUnit": _LINE,
    "showUnit": _SUPPORT,
    "showBatchEvents": _LINE,
    "captureEvents": _LINE,
    "showCapture": _LINE,
    "listSuspectedFakes": "analyst support",
    "listEvents": "app",
    **dict.fromkeys(("addEndpoint", "listEndpoints", "rotateSecret"), ""),
    **dict.fromkeys(("endEndpoint", "listDeliveries", "retryDelivery"), ""),
    **dict.fromkeys(("listFacts", "writeRuleSet", "listRuleSets"), "analyst"),
    **dict.fromkeys(("showRuleSet", "commitRuleSet"), "analyst"),
    **dict.fromkeys(("activateRuleSet", "rollRulesBack"), "analyst"),
    "showEvaluation": "analyst",
    "previewRuleSet": "analyst",
    **dict.fromkeys(("startShadow", "endShadow", "showShadowReport"), "analyst"),
    **dict.fromkeys(("startBacktest", "listBacktests"), "analyst"),
    **dict.fromkeys(("showBacktest", "cancelBacktest"), "analyst"),
    **dict.fromkeys(("addEntry", "removeEntry", "showList"), "analyst"),
    **dict.fromkeys(
        ("listIncidents", "acknowledgeIncident", "closeIncident"), "analyst"
    ),
    **dict.fromkeys(("addHoneyCodes", "listHoneyCodes"), "analyst"),
    "addCampaign": "marketer",
    "listCampaigns": " ".join(Role),
    "showCampaign": " ".join(Role),
    "showFigures": " ".join(Role),
    "listCampaignEntries": "marketer analyst support",
    "addVersion": "marketer",
    "approveVersion": "marketer",
    "activateVersion": "marketer",
    "pauseCampaign": "marketer",
    "resumeCampaign": "marketer",
    "stopCampaign": "marketer",
    "previewCampaign": "marketer support",
    "showProgramme": " ".join(Role),
    "addProgrammeVersion": "marketer",
    "approveProgrammeVersion": "marketer",
    "listOwnEntries": "member",
    "listMemberEntries": "support",
    "addAdjustment": "support",
    "approveAdjustment": "support",
    "rejectAdjustment": "support",
    "reverseScan": "support",
    "addStore": "marketer",
    **dict.fromkeys(("listStores", "listPools", "showPool"), _COUPONS),
    "addPool": "marketer",
    "changeStock": "marketer",
    "issueCoupon": "marketer support app",
    "voidCoupon": "support",
    "redeemCoupon": "cashier",
    "addCardSet": "marketer",
    "listCardSets": " ".join(Role),
    "showCardSet": " ".join(Role),
    "listOwnCards": "member",
    "addGift": "marketer",
    "listGifts": "marketer support",
    "claimGift": "member",
    "listOwnGifts": "member",
    "listAwards": "support",
    "shipGift": "support",
    "handGiftOver": "support cashier",
    "reverseRedemption": "cashier support",
    "putPayee": "app",
    "listPayouts": "support",
    "cancelPayout": "support",
    "addDraw": "marketer",
    "listWinners": "marketer support",
    **dict.fromkeys(("listCases", "showCase", "assignCase", "takeNextCase"), "analyst"),
    **dict.fromkeys(("snoozeCase", "escalateCase", "noteCase"), "analyst"),
    **dict.fromkeys(("decideCase", "decideCases", "approveDecision"), "analyst"),
    **dict.fromkeys(("rejectDecision", "showCaseSettings"), "analyst"),
    **dict.fromkeys(("undoDecision", "undoDecisions"), "analyst"),
    **dict.fromkeys(("actOnCase", "undoAction"), "analyst"),
    **dict.fromkeys(("putCaseSettings", "approveCaseSettings"), "analyst"),
    # These are a member's own, and no role's.
    "putOwnPayee": "member",
    "listOwnPayouts": "member",
    **dict.fromkeys(("takeTicket", "listOwnTickets"), "member"),
    **dict.fromkeys(("listOwnPrizes", "claimOwnPrize"), "member"),
    "listOwnCoupons": "member",
    "showWallet": "member",
    "listScans": "member",
    # Each sees its own: whoever may not is told that there is none.
    "showScan": _ALL,
    **dict.fromkeys(("scanCode", "showDraw", "downloadDraw"), _ALL),
}
# Nobody needs a token for these, but a bad one is told.
_OPEN: Final = frozenset({"scanCode", "showDraw", "downloadDraw"})
# They name one thing, of a brand; another brand's people find nothing there.
_NOBODYS: Final = frozenset({"captureEvents", "scanCode", "issueBatch"})


class Caller:
    """Calls each operation with a right address and body, as whoever it is."""

    def __init__(self, service: Service, doors: Doors) -> None:
        self._service, self._doors = service, doors

    def call(
        self, method: str, path: str, operation: Json, token: str | None
    ) -> httpx.Response:
        """Call one operation."""
        names = {"index": "0", "activation_id": "1", "brand": "Demo Dairy"}
        needed = {
            each["name"]: self._doors.names[each["name"]]
            for each in operation["parameters"]
            if each["in"] == "query" and each["required"]
        }
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        media = operation.get("requestBody", {}).get("content", {})
        body = self._doors.bodies.get(path, {}) if "application/json" in media else None
        return self._service.http.request(
            method,
            self._doors.path_of(path, **names),
            headers=headers,
            params=needed,
            json=body,
        )


@pytest.fixture
def caller(service: Service, doors: Doors) -> Caller:
    """Give what calls every route."""
    return Caller(service, doors)


def routes(service: Service) -> Iterator[tuple[str, str, Json]]:
    """List every operation that the API describes: method, path, what is said of it."""
    for method, path, operation, _ in operations(service):
        yield method, path, operation


def test_who_may_call_it_is_said_of_every_route(service: Service) -> None:
    """A route that is added comes with its line here."""
    assert {each["operationId"] for _, _, each in routes(service)} == MAY.keys()


def test_nobody_and_who_is_no_longer_anybody_is_turned_away_everywhere(
    service: Service, caller: Caller
) -> None:
    """No token, one made up, one that is over, one revoked, and a member's forged."""
    over = service.expired_token("admin", name="over")
    revoked = service.staff_token("admin", name="gone")
    service.query(
        "UPDATE staff_tokens SET revoked_at = now() WHERE token_id = %s",
        revoked.split("_")[2],
    )
    forged = service.member_token("m").rpartition(".")[0] + "." + "A" * 86
    for method, path, operation in routes(service):
        for token in (None, "crowncap_staff_x", over, revoked, forged):
            if token is None and operation["operationId"] in _OPEN:
                continue
            answer = caller.call(method, path, operation, token)
            refused(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", [*(role.value for role in Role), "member"])
def test_a_role_may_do_what_is_its_own_and_nothing_else(
    service: Service, caller: Caller, kind: str
) -> None:
    token = service.member_token("caller") if kind == "member" else service.staff(kind)
    for method, path, operation in routes(service):
        answer = caller.call(method, path, operation, token)
        name = operation["operationId"]
        assert answer.status_code < 500, f"{name}: {answer.text}"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store", name
        refusals = {401: "unauthenticated", 403: "forbidden"}
        code = answer.json()["code"] if answer.status_code in refusals else ""
        is_refused = code == refusals.get(answer.status_code)
        members = "member" in MAY[name].split()
        allowed = kind in MAY[name].split() or (kind == "admin" and not members)
        assert is_refused == (not allowed), f"{name}: {answer.text}"


@pytest.mark.parametrize("kind", ["issuer", "line", "analyst", "support", "marketer"])
def test_another_brands_people_find_nothing_of_ours(
    service: Service, doors: Doors, caller: Caller, kind: str
) -> None:
    """Lists leave it out, and what names it is not found, or not allowed."""
    token = service.staff_token(kind, name=f"rival-{kind}", brand="Rival")
    ours = int(doors.names["batch_id"])
    for method, path, operation in routes(service):
        name = operation["operationId"]
        answer = caller.call(method, path, operation, token)
        assert answer.status_code < 500, f"{name}: {answer.text}"
        if name in _OPEN:
            continue
        if "{" in path:
            assert answer.status_code in {401, 403, 404}, f"{name}: {answer.text}"
        elif method == "GET" and answer.status_code == 200:
            # Goods of no brand at all are everybody's.
            assert "Demo Dairy" not in answer.text, name
            assert ours not in [each.get("batch_id") for each in answer.json()["items"]]
        elif name not in _NOBODYS:
            assert answer.status_code >= 400, f"{name}: {answer.text}"
