"""What could not be decided: found in the logs, sent again, or let be."""
