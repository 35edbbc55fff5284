"""What is shown: the engine that turns a decision log into tables, and one folder for each domain."""
