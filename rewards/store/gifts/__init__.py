"""The SQL of gifts: what there is to give, and what members have of it."""
