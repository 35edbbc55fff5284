"""What is decided: enrichment, the decider loop, the log; one folder per domain with a pure decider."""
