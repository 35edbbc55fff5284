"""Enrichment: every input is validated, what needs a model is computed, one message written."""
