"""How right `kit check` is: the corpus of tests/review, measured, and held against other tools."""
