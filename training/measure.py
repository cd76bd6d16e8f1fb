"""How good the coach is with its learned rules: ``python -m training.measure --folds FOLDER [--without]``.

The tables of `evals.measure`. On `dev`, which the learned rules were learned from, each case is coached by the model of
the fold that left it out (``python -m training.train --folds FOLDER`` keeps them); on `test` by the model that ships.
``--without`` measures the written rules alone.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from coach.classifier import Classifier
from coach.learned import LearnedRules
from coach.rulebook import RuleBook
from coach.service import ReplyCoach
from coach.text import Text
from coach.types import Request, Severity
from evals import measure
from training.data import context_of


async def main() -> int:
    """Measure both sides."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--without", action="store_true")
    parser.add_argument("--side", choices=("dev", "test"))
    options = parser.parse_args()
    book = RuleBook()
    shipped = Classifier.load()
    folds = [Classifier.load(path) for path in sorted(options.folds.glob("*.npz"))]
    fold_of = {case_id: fold for fold in folds for case_id in fold.meta["held_out"]}
    coaches = {id(c): ReplyCoach(book, classifier=None if options.without else c) for c in (shipped, *folds)}
    for side in (options.side,) if options.side else ("dev", "test"):
        tally = measure.Tally(None, False)
        for case in measure.load(side):
            classifier = fold_of[case["id"]] if side == "dev" else shipped
            result = await coaches[id(classifier)].coach(Request.model_validate(case["request"]))
            tally.verdicts.append((case["labels"]["verdict"], result.verdict.action))
            measure.tally_signals(case, result, tally)
            measure.tally_findings(case, result, tally)
            measure.tally_omissions(case, result, tally)
            measure.tally_rewrite(case, result, tally, False)
            if not options.without and case["labels"]["rewrite"] != case["request"]["draft"]:
                tally.counts["learned findings in reference rewrites"].update(_in_rewrite(book, classifier, case))
        measure.report(side + (", out of fold" if side == "dev" else ""), tally, None)
        print(f"{'learned errors in rewrites':32} {dict(tally.counts['learned findings in reference rewrites'])}")
    return 0


def _in_rewrite(book: RuleBook, classifier: Classifier, case: measure.Case) -> list[str]:
    """Whether the learned rules are certain of a fault in a new sentence of the reference rewrite."""
    request = case["request"]
    rules = LearnedRules(book, request["language"], classifier)
    found = rules.findings(Text(case["labels"]["rewrite"]), context_of(request), ())
    return [
        "faulty" if any(f.severity is Severity.ERROR and f.quote not in request["draft"] for f in found) else "clean"
    ]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
