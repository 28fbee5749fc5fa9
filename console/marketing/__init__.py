"""For marketers: pools of coupons and stores."""
