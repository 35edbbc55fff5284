"""Real servers for one machine: Kafka and Postgres from packages, in one folder, without Docker or root."""
