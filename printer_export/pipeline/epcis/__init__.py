"""EPCIS events: a batch's told, and those of others captured."""
