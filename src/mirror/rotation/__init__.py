"""Rotation: who is told which endpoints, sealed and signed, in pages that any mirror can carry.

Pure: bytes and values. The document is ROTATION.md.
"""
