"""The lesson as a static site, for those who only read: `make site`."""
