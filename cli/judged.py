"""What a policy that was tried would have done, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.screen import harmless, shortened, table
from streams.learning.judging import Approval, Flip, Judgement

COUNTED = ("proposed", "merged", "conflicting", "confirmed", "approved by the policy")
WIDTH = 100


def report_of(judged: Judgement, policy: str, seconds: float) -> dict[str, Any]:
    """All of it, as JSON says it."""
    return {"policy": policy, "seconds": round(seconds, 3), **decisions_of(judged)}


def decisions_of(judged: Judgement) -> dict[str, Any]:
    """What was decided against what would be."""
    saved, added = judged.reviews
    return {
        "counts": {
            name: {"was": judged.was.counts[name], "would": judged.would.counts[name]} for name in COUNTED
        },
        "approval": {"was": _approval(judged.approval_before), "would": _approval(judged.approval)},
        "reviews_saved": saved,
        "reviews_added": added,
        "flips": [_flip(each) for each in judged.flips],
    }


def render(out: Console, told: Mapping[str, Any], flips: Sequence[Flip]) -> None:
    """For people."""
    out.print(f"policy {told['policy']}, in {told['seconds']:.1f} s\n")
    render_decisions(out, told, flips)


def render_decisions(out: Console, told: Mapping[str, Any], flips: Sequence[Flip]) -> None:
    """What would be decided otherwise."""
    rows = [(name, each["was"], each["would"]) for name, each in told["counts"].items()]
    out.print(table(("", "was", "would be"), rows))
    out.print()
    was, would = told["approval"]["was"], told["approval"]["would"]
    out.print(
        table(
            ("approval by the policy, of what reviewers judged", "was", "would be"),
            [(n, was[n], would[n]) for n in was],
        )
    )
    out.print(f"\n{told['reviews_saved']:,} reviews saved, {told['reviews_added']:,} added")
    out.print(f"{len(told['flips']):,} inputs would be decided otherwise")
    for each in flips:
        out.print(Text(f"\n  shop {each.shop_id}, {each.source_id}", style="bold"))
        out.print(Text(harmless(f"  {shortened(each.words, WIDTH)}")))
        out.print(Text(f"  {each.was or 'nothing'} -> {each.would or 'nothing'}", style="yellow"))
    if len(told["flips"]) > len(flips):
        out.print(f"\n  and {len(told['flips']) - len(flips):,} more: --limit, --json")


def _approval(found: Approval) -> dict[str, float | int | None]:
    return {
        "right": found.right,
        "wrong": found.wrong,
        "missed": found.missed,
        "left": found.left,
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
        "kappa": found.kappa,
    }


def _flip(each: Flip) -> dict[str, Any]:
    return {
        "shop_id": each.shop_id,
        "source_id": each.source_id,
        "words": each.words,
        "was": each.was,
        "would": each.would,
    }
