"""Each figure once, by field."""
