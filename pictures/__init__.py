"""The widgets in a real JupyterLab and a real browser: for the tests, and for the README's pictures."""
