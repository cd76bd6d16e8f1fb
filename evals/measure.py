"""How good lint and ladder are on the labelled cases, without a model.

usage: python -m evals.measure [--language de|en] [--only KIND] [--misses] [--part 1|2]

Prints precision, recall and F1 per signal and finding kind, and the verdict's macro-F1, for dev and test apart. With
``--misses`` it prints, for `dev` only, each label that no rule found and each false alarm of KIND.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from coach.ladder import decide
from coach.lint import Linter
from coach.rulebook import RuleBook
from coach.text import Text
from coach.types import Context, Message

CASES = Path(__file__).parent / "cases"


def part(case_id: str) -> int:
    """Which third of the hash: 0 is test; 1 and 2 are the halves of dev, so that one can validate the other."""
    return int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 3


def load(side: str, language: str | None, half: int | None) -> list[dict[str, Any]]:
    cases = [json.loads(line) for line in (CASES / f"{side}.jsonl").read_text("utf-8").splitlines()]
    return [
        c
        for c in cases
        if (not language or c["request"]["language"] == language) and (half is None or part(c["id"]) in (0, half))
    ]


def context_of(request: dict[str, Any]) -> Context:
    return Context(
        channel=request["channel"],
        language=request["language"],
        customer_name=request.get("customer_name") or None,
        agent_name=request.get("agent_name") or None,
        form_of_address=None,
        authority=request.get("authority"),
        warnings_given=request.get("warnings_given") or 0,
        transferred=bool(request.get("transferred")),
        supervisor_available=request.get("supervisor_available") is not False,
    )


def scores(tp: int, fp: int, fn: int) -> str:
    p = tp / (tp + fp) if tp + fp else float("nan")
    r = tp / (tp + fn) if tp + fn else float("nan")
    f = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else float("nan")
    return f"P {p:.2f}  R {r:.2f}  F1 {f:.2f}   ({tp} right, {fp} false, {fn} missed)"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--language")
    parser.add_argument("--only")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--part", type=int, choices=(1, 2))
    args = parser.parse_args()
    book = RuleBook()
    linters = {language: Linter(book, language) for language in book.languages}
    for side in ("dev", "test"):
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        verdicts: list[tuple[str, str]] = []
        for case in load(side, args.language, args.part if side == "dev" else None):
            request, labels = case["request"], case["labels"]
            show = args.misses and side == "dev"
            context = context_of(request)
            linter = linters[context.language]
            conversation = [Message(**m) for m in request["conversation"]]
            signals = linter.signals(conversation, context)
            findings = linter.findings(Text(request["draft"]), context)
            verdict = decide(signals, context, book.ladder)
            verdicts.append((labels["verdict"], verdict.action))
            wanted = {s["kind"] for s in labels["signals"]}
            certain = {s.kind.value for s in signals if s.severity == "error"}
            for kind in wanted | certain:
                name = f"signal {kind}"
                outcome = "tp" if kind in wanted & certain else "fn" if kind in wanted else "fp"
                counts[name][outcome] += 1
                counts["signals"][outcome] += 1
                if show and outcome != "tp" and args.only in (None, kind):
                    quotes = [s["quote"] for s in labels["signals"] if s["kind"] == kind]
                    hits = [(s.rule, s.quote) for s in signals if s.kind == kind]
                    print(f"{case['id']} {'MISSED' if outcome == 'fn' else 'FALSE'} {kind}: {quotes or hits}")
            spans = []
            for label in labels["findings"]:
                at = request["draft"].find(label["quote"])
                spans.append((label["category"], at, at + len(label["quote"]), label["quote"]))
            for category, start, end, quote in spans:
                hit = any(f.category == category and f.start < end and start < f.end for f in findings)
                for name in (f"finding {category}", "findings"):
                    counts[name]["tp" if hit else "fn"] += 1
                counts["findings, any category"][
                    "tp" if any(f.start < end and start < f.end for f in findings) else "fn"
                ] += 1
                if show and not hit and args.only in (None, category):
                    print(f"{case['id']} MISSED {category}: {quote!r}")
            for f in findings:
                right = any(f.category == c and f.start < end and start < f.end for c, start, end, _ in spans)
                if not right:
                    for name in (f"finding {f.category}", "findings"):
                        counts[name]["fp"] += 1
                    if show and args.only in (None, f.category.value):
                        overlap = [(c, q) for c, start, end, q in spans if f.start < end and start < f.end]
                        print(f"{case['id']} FALSE {f.category} by {f.rule}: {f.quote!r} {('labelled', overlap) if overlap else ''}")
                if not any(f.start < end and start < f.end for _, start, end, _ in spans):
                    counts["findings, any category"]["fp"] += 1
            for f in linter.findings(Text(labels["rewrite"]), context):
                counts["reference rewrites"]["flagged"] += f.severity == "error" and args.only in (None, f.category.value)
                if show and args.only in (None, f.category.value):
                    print(f"{case['id']} IN REFERENCE REWRITE {f.category} by {f.rule}: {f.quote!r}")
            if not labels["findings"] and not labels["omissions"]:
                counts["good drafts"]["all"] += 1
                counts["good drafts"]["flagged"] += any(f.severity == "error" for f in findings)
        print(f"== {side}: {len(verdicts)} cases")
        for name in sorted(counts):
            if name not in ("good drafts", "reference rewrites") and (args.only is None or args.only in name or name.endswith("s")):
                print(f"{name:32} {scores(*(counts[name][k] for k in ('tp', 'fp', 'fn')))}")
        print("findings in reference rewrites", counts["reference rewrites"]["flagged"])
        print("good drafts flagged", counts["good drafts"]["flagged"], "of", counts["good drafts"]["all"])
        print("verdict macro-F1", f"{macro_f1(verdicts):.3f}", missed(verdicts))
    return 0


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    values = []
    for action in {a for a, _ in pairs}:
        tp = sum(a == b == action for a, b in pairs)
        wrong = sum((a == action) != (b == action) for a, b in pairs)
        values.append(2 * tp / (2 * tp + wrong) if tp or wrong else 0.0)
    return sum(values) / len(values)


def missed(pairs: list[tuple[str, str]]) -> str:
    grave = {"hand_over", "end_conversation", "alert_security"}
    total = sum(a in grave for a, _ in pairs)
    return f"missed escalations {sum(a in grave and b not in grave for a, b in pairs)} of {total}; needless {sum(b in grave and a not in grave for a, b in pairs)}"


if __name__ == "__main__":
    sys.exit(main())
