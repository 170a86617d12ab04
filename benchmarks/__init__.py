"""What the kit's claims about speed rest on: measured in one run, printed as ratios."""
