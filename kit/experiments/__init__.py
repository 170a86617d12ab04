"""What one measures by running it: a rehearsal, the two-by-two, locks, a change of one's own."""
