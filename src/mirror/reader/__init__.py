"""The reader's program: what is shown, what is asked before an act, and what is kept by choice."""
