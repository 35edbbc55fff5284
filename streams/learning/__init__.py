"""Learning: what customers and owners say becomes reviewed knowledge. Pure: no I/O, no clock, no randomness."""
