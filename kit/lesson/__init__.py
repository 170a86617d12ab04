"""The lesson: exercises, claims, progress, stored outputs."""
