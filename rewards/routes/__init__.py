"""HTTP of rewards."""

from litestar import Router

from core.doors import GUARDS
from rewards.routes import campaigns, coupons, pools, redemptions

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
        pools.add_store,
        pools.add_pool,
        pools.change_stock,
        coupons.issue_coupon,
        coupons.list_own_coupons,
        coupons.void_coupon,
        redemptions.redeem_coupon,
        redemptions.reverse_redemption,
    ],
)
