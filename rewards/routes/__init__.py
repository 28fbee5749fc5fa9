"""HTTP of rewards."""

from litestar import Router

from core.doors import GUARDS, refuse_absurd_head
from rewards.routes import (
    campaigns,
    cards,
    entries,
    figures,
    previews,
    programme,
    reversals,
)
from rewards.routes.coupons import issuing, pools, redeeming, taking_back
from rewards.routes.draws import draws, own, prizes, publishing, taking
from rewards.routes.gifts import catalogue, claims
from rewards.routes.payouts import ending, listing, notices, payees
from rewards.routes.points import adjusting, statements

ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        campaigns.add_campaign,
        campaigns.list_campaigns,
        campaigns.show_campaign,
        campaigns.add_version,
        campaigns.approve_version,
        campaigns.activate_version,
        campaigns.pause_campaign,
        campaigns.resume_campaign,
        campaigns.stop_campaign,
        previews.preview_campaign,
        figures.show_figures,
        entries.list_campaign_entries,
        pools.add_store,
        pools.list_stores,
        pools.add_pool,
        pools.list_pools,
        pools.show_pool,
        pools.change_stock,
        issuing.issue_coupon,
        issuing.list_own_coupons,
        taking_back.void_coupon,
        redeeming.redeem_coupon,
        taking_back.reverse_redemption,
        cards.add_card_set,
        cards.list_card_sets,
        cards.show_card_set,
        cards.list_own_cards,
        catalogue.add_gift,
        catalogue.list_gifts,
        claims.claim_gift,
        claims.list_own_gifts,
        claims.list_awards,
        claims.ship_gift,
        claims.hand_gift_over,
        payees.put_own_payee,
        payees.put_payee,
        listing.list_payouts,
        listing.list_own_payouts,
        ending.cancel_payout,
        programme.show_programme,
        programme.add_programme_version,
        programme.approve_programme_version,
        statements.list_own_entries,
        statements.list_member_entries,
        adjusting.add_adjustment,
        adjusting.approve_adjustment,
        adjusting.reject_adjustment,
        reversals.reverse_scan,
        draws.add_draw,
        draws.list_winners,
        taking.take_ticket,
        own.list_own_tickets,
        own.list_own_prizes,
        prizes.claim_own_prize,
    ],
)
# What anybody may look at, without a token.
_OPEN = Router(
    path="/",
    guards=[refuse_absurd_head],
    route_handlers=[draws.show_draw, publishing.download_draw],
)
# Who sends notices has no token of ours, and is known by a signature.
PUBLIC_ROUTER = Router(path="/", route_handlers=[notices.hear_notice, _OPEN])
