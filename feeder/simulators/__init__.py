"""Printers that exist only as a TCP port and a roll of paper, with faults on order.

They know the protocols from their manuals and nothing of the drivers: what one side
gets wrong, the other does not get wrong in the same way.
"""
