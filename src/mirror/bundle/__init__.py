"""The bundle format: editions as pieces. See FORMAT.md."""
