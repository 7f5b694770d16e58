"""What a reader and a node share: deciding whom to ask, asking, and verifying what comes."""
