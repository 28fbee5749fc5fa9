"""Coupons: stores and pools, issuing and redeeming many at once, taking back."""
