"""The tables, as plain SQL: one folder per domain, `NNNN_name.up.sql` and `.down.sql`, applied in order.

No file names a schema: they are applied with `search_path` set to any schema, then `public`. The only
variable is `:dimensions`, the width of the embedding model (`psql -v dimensions=384 -f FILE` works too).
"""
