"""A running world: what the learner does in it, opening it, saving it."""
