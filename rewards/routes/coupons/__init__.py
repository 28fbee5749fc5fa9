"""HTTP of coupons: stores and pools, issuing and redeeming, taking back."""
