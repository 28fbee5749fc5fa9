"""For who answers about single caps: which one it is, its history, recalls."""
