"""The demo: a scenario played through the real tree, and what came of it."""
