"""Notebooks for tests: made here, read back as cells."""

import json


def notebook(*cells, kernel="python3", language="python", **more):
    """The text of a notebook with these code cells."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "metadata": {},
                    "outputs": [],
                    "source": cell.splitlines(True),
                }
                for cell in cells
            ],
            "metadata": {
                "kernelspec": {"display_name": kernel, "language": language, "name": kernel},
                "language_info": {"name": language},
            },
            "nbformat": 4,
            "nbformat_minor": 4,
            **more,
        },
        indent=1,
    )


def sources(path):
    """The sources of its code cells."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def outputs(path):
    """The outputs of its code cells."""
    return [cell.get("outputs") for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
