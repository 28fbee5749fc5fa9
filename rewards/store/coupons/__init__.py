"""The SQL of coupons: stores and pools, coupons, and what was redeemed."""
