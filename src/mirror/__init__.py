"""mirror: publish signed editions, carry them on untrusted mirrors, read them verified."""

__version__ = "0.1.0"
