"""Executions: routing and end of a task become one fact. Pure: no I/O, no clock, no randomness."""
