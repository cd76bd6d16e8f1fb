"""How good the coach is on the labelled cases without a model: lint, ladder and editor.

usage: python -m evals.measure [--language de|en] [--only KIND] [--misses] [--rewrites] [--part 1|2]
       [--no-classifier]

Prints, for dev, own and test apart: precision, recall and F1 per signal, finding and omission kind; the verdict's
macro-F1 and the missed escalations; and what became of the rewrites. ``--misses`` prints, for `dev` only, each label
that no rule found and each false alarm; ``--rewrites`` prints the rewrites of `dev` that lost or kept what they
should not.

The rules were written from `dev` and the classifier was trained on it: the numbers of `dev` are no estimate of what to
expect, those of `test` are. `own` are cases that were written later, not split yet; nothing was trained on them, and 50
of the 90 were looked at when rules were narrowed.
"""

import argparse
import asyncio
import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from coach.classifier import Classifier
from coach.facts import added
from coach.lint import Linter
from coach.rulebook import RuleBook
from coach.service import Limits, ReplyCoach
from coach.text import Text
from coach.types import Context, Request, Result

CASES = Path(__file__).parent / "cases"
Case = dict[str, Any]


def part(case_id: str) -> int:
    """The rest of the hash by 3: 0 is test; 1 and 2 are the halves of dev, so that one can validate the other."""
    return int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 3


def load(side: str, language: str | None = None, half: int | None = None) -> list[Case]:
    """The cases of one side, of one language where given, of one half of dev where given."""
    cases = [json.loads(line) for line in (CASES / f"{side}.jsonl").read_text("utf-8").splitlines()]
    return [
        case
        for case in cases
        if (not language or case["request"]["language"] == language)
        and (half is None or side != "dev" or part(case["id"]) == half)
    ]


def context_of(request: dict[str, Any]) -> Context:
    """The context of a labelled request, as it was sent."""
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
    """Precision, recall and F1 as a line."""
    p = tp / (tp + fp) if tp + fp else float("nan")
    r = tp / (tp + fn) if tp + fn else float("nan")
    f = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else float("nan")
    return f"P {p:.2f}  R {r:.2f}  F1 {f:.2f}   ({tp} right, {fp} false, {fn} missed)"


class Tally:
    """What was right, false and missed, by name; and what is worth a look."""

    def __init__(self, only: str | None, show: bool) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.verdicts: list[tuple[str, str]] = []
        self._only, self._show = only, show

    def add(self, kind: str, outcome: str, *names: str) -> None:
        """Count an outcome of `kind` under `names`."""
        for name in names:
            self.counts[name][outcome] += 1

    def say(self, kind: str, line: str) -> None:
        """Print a line about `kind`, where it was asked for."""
        if self._show and self._only in (None, kind):
            print(line)


def tally_signals(case: Case, result: Result, tally: Tally) -> None:
    """Signals count a kind a case: those of severity error against the labels."""
    labels = case["labels"]["signals"]
    wanted = {s["kind"] for s in labels}
    certain = {s.kind.value for s in result.signals if s.severity == "error"}
    for kind in wanted | certain:
        outcome = "tp" if kind in wanted & certain else "fn" if kind in wanted else "fp"
        tally.add(kind, outcome, f"signal {kind}", "all signals")
        if outcome == "fn":
            tally.say(kind, f"{case['id']} MISSED {kind}: {[s['quote'] for s in labels if s['kind'] == kind]}")
        elif outcome == "fp":
            tally.say(
                kind, f"{case['id']} FALSE {kind}: {[(s.rule, s.quote) for s in result.signals if s.kind == kind]}"
            )


def tally_findings(case: Case, result: Result, tally: Tally) -> None:
    """A finding counts when category and span overlap a label; warnings count as the errors do."""
    draft = case["request"]["draft"]
    spans = [
        (f["category"], at, at + len(f["quote"]), f["quote"])
        for f in case["labels"]["findings"]
        if (at := draft.find(f["quote"])) >= 0
    ]
    errors = [f for f in result.findings if f.severity == "error"]
    for category, start, end, quote in spans:
        over = [f for f in errors if f.start < end and start < f.end]
        hit = any(f.category == category for f in over)
        tally.add(category, "tp" if hit else "fn", f"finding {category}", "all findings")
        tally.add(category, "tp" if over else "fn", "all findings, any category")
        if not hit:
            tally.say(category, f"{case['id']} MISSED {category}: {quote!r}")
    for f in errors:
        over_labels = [(c, q) for c, start, end, q in spans if f.start < end and start < f.end]
        if f.category not in [c for c, _ in over_labels]:
            tally.add(f.category, "fp", f"finding {f.category}", "all findings")
            tally.say(
                f.category,
                f"{case['id']} FALSE {f.category} by {f.rule}: {f.quote!r} labelled {over_labels}",
            )
        if not over_labels:
            tally.add(f.category, "fp", "all findings, any category")


def tally_omissions(case: Case, result: Result, tally: Tally) -> None:
    """Omissions count a kind a case."""
    wanted, found = set(case["labels"]["omissions"]), {o.value for o in result.omissions}
    for kind in wanted | found:
        outcome = "tp" if kind in wanted & found else "fn" if kind in wanted else "fp"
        tally.add(kind, outcome, f"omission {kind}", "all omissions")
        if outcome != "tp":
            tally.say(
                kind,
                f"{case['id']} {outcome} omission {kind}: {case['request']['draft'][-200:]!r}",
            )


def tally_rewrite(case: Case, result: Result, tally: Tally, show: bool) -> None:
    """What became of the rewrite: whose it is, what it kept and what it still says."""
    labels, draft = case["labels"], case["request"]["draft"]
    good = not labels["findings"] and not labels["omissions"]
    text = result.rewrite
    tally.counts["rewrite"]["by " + (result.rewrite_by if text is None or result.changed else "unchanged")] += 1
    for fault in result.remaining:
        tally.counts["faults that stopped the editor"][fault.kind] += 1
    if good:
        tally.counts["good drafts"]["changed" if result.changed or text is None else "kept"] += 1
        if show and (result.changed or text is None):
            print(
                f"{case['id']} GOOD DRAFT CHANGED: {[(f.rule, f.quote) for f in result.findings]} "
                f"{result.omissions} {result.verdict.action}"
            )
        return
    if text is None:
        if show:
            print(f"{case['id']} NO REWRITE: {[(f.kind, f.detail) for f in result.remaining]}")
        return
    request = case["request"]
    known = [draft, *(m["text"] for m in request["conversation"]), *(request["authority"] or ()), "112"]
    names = [name for name in (request.get("customer_name"), request.get("agent_name")) if name]
    new = added(text, [*known, *names], names)
    tally.counts["rewrites with facts added"]["some" if new else "none"] += 1
    if show and new:
        print(f"{case['id']} FACTS ADDED: {[fact.text for fact in new]}")
    for name in ("must_keep", "must_not_say"):
        for string in labels.get(name, []):
            right = string in text if name == "must_keep" else string.lower() not in text.lower()
            tally.counts[name]["right" if right else "wrong"] += 1
            if show and not right:
                print(f"{case['id']} {name} {string!r}\n   DRAFT   {draft!r}\n   REWRITE {text!r}")


def report(side: str, tally: Tally, only: str | None) -> None:
    """Print the tables of one side."""
    print(f"== {side}: {len(tally.verdicts)} cases")
    for name in sorted(tally.counts):
        counted = tally.counts[name]
        if set(counted) <= {"tp", "fp", "fn"} and (only is None or only in name or name.startswith("all")):
            print(f"{name:32} {scores(*(counted[k] for k in ('tp', 'fp', 'fn')))}")
    for name in (
        "rewrite",
        "faults that stopped the editor",
        "must_keep",
        "must_not_say",
        "rewrites with facts added",
        "good drafts",
        "findings in reference rewrites",
    ):
        counted = tally.counts[name]
        share = f"  {100 * counted['right'] / max(1, counted.total()):.1f} % right" if name.startswith("must") else ""
        print(f"{name:32} {', '.join(f'{k} {v}' for k, v in counted.most_common()) or 'none'}{share}")
    print(f"verdict macro-F1 {macro_f1(tally.verdicts):.3f}; {missed(tally.verdicts)}")


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """The mean F1 over the verdicts that occur; `pairs` are (label, verdict)."""
    values = []
    for action in {a for a, _ in pairs}:
        tp = sum(a == b == action for a, b in pairs)
        wrong = sum((a == action) != (b == action) for a, b in pairs)
        values.append(2 * tp / (2 * tp + wrong))
    return sum(values) / len(values)


def missed(pairs: list[tuple[str, str]]) -> str:
    """Escalations that were missed, and needless ones."""
    grave = {"hand_over", "end_conversation", "alert_security"}
    total = sum(a in grave for a, _ in pairs)
    lost = sum(a in grave and b not in grave for a, b in pairs)
    return f"missed escalations {lost} of {total}; needless {sum(b in grave and a not in grave for a, b in pairs)}"


async def main() -> int:
    """Run the measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--language")
    parser.add_argument("--only")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--rewrites", action="store_true")
    parser.add_argument("--part", type=int, choices=(1, 2))
    parser.add_argument("--no-classifier", action="store_true", help="the written rules alone")
    args = parser.parse_args()
    book = RuleBook()
    coach = ReplyCoach(book, limits=Limits(), classifier=None if args.no_classifier else Classifier.load())
    linters = {language: Linter(book, language) for language in book.languages}
    for side in ("dev", "own", "test"):
        tally = Tally(args.only, args.misses and side == "dev")
        for case in load(side, args.language, args.part):
            result = await coach.coach(Request.model_validate(case["request"]))
            tally.verdicts.append((case["labels"]["verdict"], result.verdict.action))
            if case["labels"]["verdict"] != result.verdict.action:
                wanted = sorted({s["kind"] for s in case["labels"]["signals"]})
                seen = [(s.kind.value, s.quote) for s in result.signals]
                label = case["labels"]["verdict"]
                tally.say("verdict", f"{case['id']} VERDICT {result.verdict.action} for {label}: {wanted} seen {seen}")
            tally_signals(case, result, tally)
            tally_findings(case, result, tally)
            tally_omissions(case, result, tally)
            tally_rewrite(case, result, tally, args.rewrites and side == "dev")
            for f in linters[case["request"]["language"]].findings(
                Text(case["labels"]["rewrite"]), context_of(case["request"])
            ):
                tally.counts["findings in reference rewrites"][f.severity] += 1
                tally.say(f.category, f"{case['id']} IN REFERENCE REWRITE {f.category} by {f.rule}: {f.quote!r}")
        report(side, tally, args.only)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
