"""A payer of red packets to try payouts on, which misbehaves as it is told, by a seed.

It speaks as WeChat Pay's merchant transfers do, and knows nothing of our client.
"""
