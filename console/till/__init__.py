"""For cashiers: what a coupon is worth, redeeming it, and taking that back."""
