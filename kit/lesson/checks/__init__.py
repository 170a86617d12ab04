"""What must be true when an exercise is done: a module for what a notebook is about."""
