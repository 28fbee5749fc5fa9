"""HTTP of rewards."""

from litestar import Router

from core.doors import GUARDS
from rewards.routes import coupons, pools, redemptions

ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
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
