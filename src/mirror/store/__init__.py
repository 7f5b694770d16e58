"""Where things are kept: files written whole or not at all, trees, generations."""
