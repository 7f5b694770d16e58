"""The publisher's program: a newsroom's folder in, signed editions out. See ``PUBLISHING.md``.

``create`` makes a publication, ``intake`` and ``retract`` change what it says, ``release`` signs and
publishes that, ``heartbeat`` says that it is still current, ``export`` writes it into one file,
``status`` says how it stands, ``recover`` brings back what was lost.
"""
