"""A database that was restored: noticed, frozen, told what it forgot, and thawed."""
