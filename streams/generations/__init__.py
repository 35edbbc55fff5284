"""Generations: a log copied under a transformation, beside the one that is decided on, and adopted in one step."""
