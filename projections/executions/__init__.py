"""Executions as tables: what ran where, how it ended, what people thought, and what worked."""
