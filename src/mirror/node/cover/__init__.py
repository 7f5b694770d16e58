"""The cover site: what a node shows to whoever does not know its paths.

An ordinary folder, answered for as nginx from Debian's package answers for it, down to requests that
are none, half of one, or too long. OPERATING.md says what is proved and what still differs.
"""
