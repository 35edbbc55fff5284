"""How a calibration does, for people and programs, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from typing import Any

from rich.console import Console

from cli.screen import table
from streams.learning.calibrating import WIDTH, Bin, Calibration, Reliability

BAR = 20
"""Characters for a share of one."""
LARGEST_DOT = 1000
"""The area of a bin that holds all items, in square points."""


def report_of(found: Calibration) -> dict[str, Any]:
    """All of it, as JSON says it."""
    return {
        "method": found.method,
        "folds": found.folds,
        "verdicts": len(found.judged),
        "approved": sum(each.approved for each in found.judged),
        "shops": len({each.shop_id for each in found.judged}),
        "calibration": found.knots,
        "before": _reliability(found.before),
        "after": _reliability(found.after),
    }


def _reliability(found: Reliability) -> dict[str, Any]:
    return {"ece": found.ece, "brier": found.brier, "bins": [asdict(each) for each in found.bins]}


def render(out: Console, told: Mapping[str, Any], found: Calibration) -> None:
    """For people."""
    out.print(
        f"{told['verdicts']:,} verdicts of {told['shops']:,} shops, {told['approved']:,} of them approvals, "
        f"in {told['seconds']:.1f} s"
    )
    if told["one_sided"]:
        out.print(
            f"{told['one_sided']:,} more about what a policy had approved by itself do not count: "
            "nobody says so where it was right"
        )
    if told["calibrated_before"]:
        out.print(
            "before: by the policy's own calibration, which looks too good if it was fitted to these verdicts"
        )
    out.print()
    errors = [
        ("expected calibration error", found.before.ece, found.after.ece),
        ("Brier score", found.before.brier, found.after.brier),
    ]
    out.print(table(("", "before", f"after, of shops left out ({found.folds} folds)"), errors))
    for title, reliability in (("before", found.before), ("after", found.after)):
        out.print()
        out.print(_bins(title, reliability))
    out.print("\n█ approved by reviewers, ┃ mean confidence: the nearer, the better\n")
    out.print(f"{told['file']} holds policy {told['policy']}, {found.method}, {len(found.knots)} knots")


def _bins(title: str, found: Reliability) -> Any:
    return table(
        ("confidence", "items", "mean", "approved", ""),
        [
            (f"{each.low}-{each.low + WIDTH - 1}", each.count, each.said, each.approved, _bar(each))
            for each in found.bins
        ],
        title,
    )


def _bar(each: Bin) -> str:
    filled, mark = round(each.approved * BAR), min(BAR - 1, int(each.said * BAR))
    return "".join("┃" if n == mark else "█" if n < filled else "·" for n in range(BAR))


def picture(found: Calibration) -> bytes:
    """A reliability diagram as PNG: share approved by confidence, before and after; a dot's area is its items."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="dotted", label="as it should be")
    for name, reliability in (("before", found.before), ("after", found.after)):
        said = [each.said for each in reliability.bins]
        approved = [each.approved for each in reliability.bins]
        areas = [LARGEST_DOT * each.count / len(found.judged) for each in reliability.bins]
        label = f"{name}: expected calibration error {reliability.ece:.3f}"
        axes.plot(said, approved, marker=".", linewidth=1, label=label)
        axes.scatter(said, approved, areas, alpha=0.5)
    axes.set(xlabel="confidence", ylabel="share approved by reviewers", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    content = BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return content.getvalue()
