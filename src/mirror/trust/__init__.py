"""Who said what, and how fresh it is: keys, metadata, ceremony, and the session that verifies.

The rules are in ``RULES.md``. ``keys`` seals and opens signing keys; ``publication`` and
``ceremony`` make and sign metadata; ``heads`` packs the newest of it into one file; ``session``
verifies what mirrors show. All of it is pure: bytes, instants and randomness come in.
"""
