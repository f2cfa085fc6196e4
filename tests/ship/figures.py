# SPDX-License-Identifier: Apache-2.0
"""What was measured on the way, for whoever reads the output of a run."""
FIGURES = []


def measured(what):
    FIGURES.append(what)
