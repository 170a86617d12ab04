"""Put beside the package's own files what a checkout has at its top and an installed kit needs, too."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MATERIAL = ("notebooks/*.ipynb", "docs/*.md", "docs/language/*.svg", "docker-compose.yml")
"""As `kit.names.MATERIAL` looks for it: in `kit/material` where there is no checkout."""


class _BuildWithMaterial(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # the checkout has it
        for pattern in MATERIAL:
            for source in sorted(Path().glob(pattern)):
                target = Path(self.build_lib, "kit", "material", source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


setup(cmdclass={"build_py": _BuildWithMaterial})
