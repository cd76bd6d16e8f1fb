"""The split of the labelled cases: which are for learning from, and which for measuring only.

usage: python -m evals.split FILE...

Reads labelled cases (JSON Lines) and adds them to ``evals/cases/dev.jsonl`` and ``evals/cases/test.jsonl``.
A case is `test` when the SHA-256 of its id, read as a number, is divisible by 3. Nobody reads `test`: rules,
prompts and training are made from `dev` alone.
"""

import hashlib
import json
import sys
from pathlib import Path

CASES = Path(__file__).parent / "cases"


def side(case_id: str) -> str:
    """``test`` or ``dev``, by the id alone, so that a case never changes sides."""
    number = int(hashlib.sha256(case_id.encode()).hexdigest(), 16)
    return "test" if number % 3 == 0 else "dev"


def main(paths: list[str]) -> int:
    """Sort the cases of `paths` into the two files; an id that is already there is replaced."""
    sides: dict[str, dict[str, str]] = {"dev": {}, "test": {}}
    for path in [CASES / "dev.jsonl", CASES / "test.jsonl", *map(Path, paths)]:
        if not path.exists() and path.parent == CASES:
            continue
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                case = json.loads(line)
                sides[side(case["id"])][case["id"]] = json.dumps(case, ensure_ascii=False)
    CASES.mkdir(exist_ok=True)
    for name, cases in sides.items():
        lines = [cases[case_id] for case_id in sorted(cases)]
        (CASES / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{name}: {len(lines)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
