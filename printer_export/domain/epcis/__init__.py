"""EPCIS 2.0 in JSON-LD: events of caps, cartons and pallets, told and read; pure."""
