"""The version of the worker's code; count it up when the worker changes."""

VERSION = "1"
