"""The learner's repositories: a bare origin and two clones, the same on every machine."""

from __future__ import annotations

from kit.repos.git import ask_git, git_environment, require_git
from kit.repos.repositories import CloneSeen, Repositories, RepositoriesSeen
from kit.repos.starter import STARTER, Feature, Handling, feature

__all__ = [
    "STARTER",
    "CloneSeen",
    "Feature",
    "Handling",
    "Repositories",
    "RepositoriesSeen",
    "ask_git",
    "feature",
    "git_environment",
    "require_git",
]
