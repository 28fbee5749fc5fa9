"""For marketers: campaigns, pools of coupons and stores."""
