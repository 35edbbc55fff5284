"""What is said: models of events and records, topics, codec and golden examples. No I/O, no client."""
