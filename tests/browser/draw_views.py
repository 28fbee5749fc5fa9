"""What draws, cards and points look like to who has them, for tests of pages."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from core.clock import utc_datetime
from core.messages import say
from rewards.domain.cards import OwnCard, OwnSet
from rewards.domain.draws.terms import Draw, Entry, Prize, Result, Won
from rewards.domain.draws.tickets import TicketState
from rewards.domain.gifts import Gift
from rewards.domain.ledger import Wallet
from rewards.domain.points.statements import Entry as PointsEntry
from rewards.domain.points.statements import EntryKind
from rewards.domain.prizes import tell_given
from rewards.domain.terms import Given, OfferKind
from rewards.pipeline.draws.draws import DrawnDraw
from rewards.pipeline.draws.views import OwnPrize, OwnTickets, view_draw
from scan_api.page.belongings import DrawCard
from scan_api.page.delivery import Delivery
from scan_api.page.routes.draws import OwnShare
from scan_api.page.routes.points import EntryLine
from tests.browser.test_cap_views import AT_MS

NOW = utc_datetime(AT_MS)
LATER = NOW + timedelta(days=30)
PRIZES = (
    Prize("car", "电动自行车 Electric bicycle", 1),
    Prize("cup", "保温杯", 20),
)
CARDS = tuple(
    OwnCard(name, name, count)
    for name, count in (
        *(("春", 1), ("夏", 3), ("秋", 0), ("冬", 1)),
        *(("立春 Beginning of spring", 120), ("Grain rain", 0), ("白露", 0)),
        *(("Frost", 2), ("大雪", 0)),
    )
)
POINTS = Given(kind=OfferKind.POINTS, amount=500)
SETS = (
    OwnSet("four", "四季与节气 Seasons", CARDS, POINTS, None),
    OwnSet("two", "大小王", CARDS[:2], POINTS, NOW),
)
PRIZE = OwnPrize(
    won_id="1-0",
    draw_id="spring",
    draw_name="春日抽奖 Spring",
    prize_id="car",
    name=PRIZES[0].name,
    ticket_no=17,
    state="open",
    claims_until=LATER,
    claimed_at=None,
)
GIFT = Gift(1, "mug", "生日马克杯 Birthday mug", None, None)


def draw(phase: str) -> Draw:
    """Give a draw in a phase."""
    begins = LATER if phase == "not_begun" else NOW - timedelta(days=9)
    closes = NOW if phase in {"closed", "drawn"} else LATER + timedelta(days=9)
    result = None
    if phase == "drawn":
        result = Result(bytes(32), 123_456, bytes(32), NOW, LATER)
    return Draw(
        *(1, "spring", "春日抽奖 Spring", "Demo Dairy", begins, closes, closes),
        *(Entry.OPEN, 5, 7, bytes(range(32)), PRIZES, 123_456, result),
    )


def tickets(state: TicketState, amount: int) -> OwnTickets:
    """Give tickets that were got at once."""
    return OwnTickets(
        draw_id="spring",
        name="春日抽奖 Spring",
        draws_at=NOW,
        drawn_at=None,
        first_no=123_456_789,
        amount=amount,
        ticket_codes=["633QT0ZB7KYS"] * min(amount, 3),
        state=state,
        added_at=NOW,
        scan_id=None,
    )


def own_draw(*, held: int = 0, drawn: bool = False, won: bool = False) -> DrawCard:
    """Give a draw of the wallet."""
    return DrawCard(
        *("spring", "春日抽奖 Spring", LATER, NOW if drawn else None, 12, held),
        *((PRIZE,) if won else (), held > 0),
    )


def belongings() -> dict[str, Any]:
    """Give what a wallet has of draws, cards and gifts to claim."""
    lapsed = OwnPrize(**{f: getattr(PRIZE, f) for f in PRIZE.__struct_fields__})
    return {
        "prizes": [PRIZE, lapsed],
        "draws": [
            own_draw(held=2),
            own_draw(drawn=True, won=True),
            own_draw(drawn=True),
        ],
        "card_sets": SETS,
        "open_draws": [draw("open")],
        "claimable": [GIFT],
    }


def _lines() -> Iterator[EntryLine]:
    for number, kind in enumerate(EntryKind):
        gains = kind in {EntryKind.AWARD, EntryKind.PURCHASE, EntryKind.HOLD_POSTED}
        entry = PointsEntry(
            entry_id=number,
            origin_id=number,
            kind=kind,
            amount=1_250 if gains else -888_888,
            balance=12_345_678 - number,
            pending=kind is EntryKind.HOLD_VOIDED,
            expires_on=LATER.date(),
            payers=(),
        )
        yield EntryLine(entry, NOW, "春季开盖有礼 Spring caps" if gains else "")


def draw_more(language: str, show: Callable[..., bytes]) -> Iterator[tuple[str, bytes]]:
    """Draw the pages of draws, cards, points and payees."""
    told = {"tell_given": lambda given: say(language, tell_given(given))}
    own = [tickets(state, 1 + place * 40) for place, state in enumerate(TicketState)]
    for phase in ("not_begun", "open", "closed", "drawn"):
        here = draw(phase)
        won = [Won(1, place, 17 + place * 991, 1) for place in range(21)]
        view = view_draw(DrawnDraw(here, won), now=NOW)
        yield (
            f"draw-{phase}",
            show(
                "draw.html",
                draw=view,
                winners={
                    prize.prize_id: [
                        each.ticket_no
                        for each in view.winners
                        if each.prize_id == prize.prize_id
                    ]
                    for prize in view.prizes
                },
                more=True,
                share=OwnShare(
                    own if phase != "not_begun" else [],
                    [PRIZE] if phase == "drawn" else [],
                ),
                enterable=phase == "open",
                why=None,
                **told,
            ),
        )
    wallet = Wallet(12_345, 5, 20, LATER.date(), 800)
    yield (
        "points",
        show(
            "points.html",
            points=wallet,
            lines=list(_lines()),
            is_first=True,
            older="1.2",
        ),
    )
    nothing = {"points": Wallet(0, 0, 0, None, 0), "lines": [], "older": None}
    yield "points-none", show("points.html", is_first=True, **nothing)
    yield "cards", show("cards.html", sets=SETS, **told)
    yield "cards-none", show("cards.html", sets=(), **told)
    refused = Delivery("x", fits=False)
    mine: dict[str, Any] = {"prize": PRIZE, "refused": refused}
    yield "prize", show("prize.html", **mine, gives=None, waits=False)
    yield "prize-waits", show("prize.html", **mine, gives="¥5.00 off", waits=True)
    gift = {"gift": GIFT, "refused": None, "fault": None}
    yield "claimable-gift", show("claimable_gift.html", **gift)
    yield "payee", show("payee.html", known=None, refused=None)
    yield "payee-known", show("payee.html", known="…6Xoy", refused="o x")
