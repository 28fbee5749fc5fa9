"""For who traces fraud: where leaked codes came from."""
