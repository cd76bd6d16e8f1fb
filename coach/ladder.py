"""The verdict: the ladder of ``prompts/ladder.toml`` applied to signals and context. No model has a say in it."""

from collections.abc import Sequence

from coach.rules import LadderTable, Rung, SideRule
from coach.types import Action, Context, Evidence, Severity, Signal, SignalKind, Verdict


def decide(
    signals: Sequence[Signal], context: Context, ladder: LadderTable, *, authority_grants: bool = False
) -> Verdict:
    """The verdict for `signals` in `context`: same input, same verdict.

    Only signals of severity `error` count. `authority_grants` says whether the agent has something to give.
    The texts are in the language of the case, else in English.
    """
    certain = [signal for signal in signals if signal.severity is Severity.ERROR]
    kinds = {signal.kind for signal in certain}
    rung = next(rung for rung in ladder.rungs if _fits(rung, kinds, context, ladder.warnings_before_end))
    decisive = {*rung.any_signal, *rung.all_signals}
    also = _side_steps(ladder.side_steps, kinds, rung.action, context, authority_grants=authority_grants)
    evidence = [Evidence(signal=s.kind, quote=s.quote, message=s.message) for s in certain if s.kind in decisive]
    return Verdict(
        action=rung.action,
        also=tuple(dict.fromkeys(side.step for side in also)),
        rule=rung.id,
        reason=_in(rung.reason, context.language),
        evidence=tuple(evidence),
        tips=tuple(dict.fromkeys([*rung.tips, *(tip for side in also for tip in side.tips)])),
        if_it_continues=_in(rung.if_it_continues, context.language),
        who_takes_over=_in(ladder.who_takes_over, context.language) if rung.action is Action.HAND_OVER else None,
    )


def _fits(rung: Rung, kinds: set[SignalKind], context: Context, warnings_before_end: int) -> bool:
    warned = context.warnings_given >= warnings_before_end
    someone_left = context.supervisor_available and not context.transferred
    return (
        (not rung.any_signal or bool(kinds & {*rung.any_signal}))
        and kinds >= {*rung.all_signals}
        and (not rung.channels or context.channel in rung.channels)
        and rung.warned in (None, warned)
        and rung.someone_left in (None, someone_left)
    )


def _side_steps(
    rules: Sequence[SideRule], kinds: set[SignalKind], action: Action, context: Context, *, authority_grants: bool
) -> list[SideRule]:
    return [
        rule
        for rule in rules
        if (kinds & {*rule.any_signal} or action in rule.actions)
        and context.warnings_given >= rule.min_warnings
        and (authority_grants or not rule.authority_grants)
    ]


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language, texts["en"])


GRAVEST = (Action.END_CONVERSATION, Action.ALERT_SECURITY)
"""The verdicts that a model's word alone must not bring about."""
