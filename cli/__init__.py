"""The `relearn` command: what people type. It reads the tables and appends events; it never writes a table."""
