"""The verdict: every row of the ladder, and nothing but the ladder."""

import itertools

import pytest

from coach.ladder import decide
from coach.rulebook import RuleBook
from coach.types import Action, Channel, Context, Severity, SideStep, Signal, SignalKind, Verdict

LADDER = RuleBook().ladder
K = SignalKind


def case(
    warnings: int = 0, *, transferred: bool = False, supervisor: bool = True, channel: Channel = Channel.EMAIL
) -> Context:
    return Context(
        channel=channel, language="de", customer_name=None, agent_name=None, form_of_address=None, authority=None,
        warnings_given=warnings, transferred=transferred, supervisor_available=supervisor,
    )  # fmt: skip


def verdict(
    *kinds: SignalKind, context: Context | None = None, severity: Severity = Severity.ERROR, gives: bool = False
) -> Verdict:
    signals = [Signal(kind=k, quote=k, message=0, start=0, end=1, rule="r", severity=severity) for k in kinds]
    return decide(signals, context or case(), LADDER, authority_grants=gives)


@pytest.mark.parametrize(
    ("kinds", "context", "action"),
    [
        ([], case(), Action.CONTINUE),
        ([K.ANGER, K.PROFANITY, K.CHURN_THREAT, K.PUBLICITY_THREAT, K.PRESSURE], case(), Action.CONTINUE),
        ([K.INSULT], case(), Action.SET_BOUNDARY),
        ([K.INTOXICATION], case(3), Action.SET_BOUNDARY),
        ([K.INTOXICATION], case(channel=Channel.IN_PERSON), Action.ALERT_SECURITY),
        ([K.REPEATED_FAILURE], case(), Action.CONTINUE),
        ([K.REPEATED_FAILURE, K.ANGER], case(), Action.HAND_OVER),
        ([K.INSULT, K.SUPERVISOR_REQUEST], case(), Action.HAND_OVER),
        ([K.LEGAL_THREAT], case(), Action.HAND_OVER),
        ([K.WRONG_DEPARTMENT], case(), Action.HAND_OVER),
        ([K.INSULT], case(1), Action.HAND_OVER),
        ([K.HATE_OR_HARASSMENT], case(1, transferred=True), Action.END_CONVERSATION),
        ([K.NO_GENUINE_CONCERN], case(1, supervisor=False), Action.END_CONVERSATION),
        ([K.INSULT, K.THREAT_OF_VIOLENCE], case(2, transferred=True), Action.ALERT_SECURITY),
        ([K.DANGER_TO_LIFE], case(), Action.ALERT_SECURITY),
    ],
)
def test_rungs(kinds: list[SignalKind], context: Context, action: Action) -> None:
    assert verdict(*kinds, context=context).action is action


def test_no_conversation_ends_without_a_warning() -> None:
    for pair in itertools.combinations(SignalKind, 2):
        for transferred, supervisor, channel in itertools.product((True, False), (True, False), Channel):
            decided = verdict(*pair, context=case(0, transferred=transferred, supervisor=supervisor, channel=channel))
            assert decided.action is not Action.END_CONVERSATION, pair


def test_a_warning_decides_nothing() -> None:
    assert verdict(K.THREAT_OF_VIOLENCE, severity=Severity.WARNING).action is Action.CONTINUE


@pytest.mark.parametrize(
    ("kinds", "context", "gives", "also"),
    [
        ([K.PUBLICITY_THREAT], case(), False, [SideStep.INFORM_SUPERVISOR]),
        ([K.DEADLOCK], case(), False, [SideStep.OFFER_CALL]),
        ([K.REPEATED_FAILURE], case(), True, [SideStep.OFFER_GOODWILL]),
        ([K.REPEATED_FAILURE], case(), False, []),
        ([K.FRAUD_SUSPICION], case(), False, [SideStep.LEGAL_REVIEW, SideStep.BLOCK_ACCOUNT_REVIEW]),
        ([K.NO_GENUINE_CONCERN], case(1), False, []),
        ([K.NO_GENUINE_CONCERN], case(2), False, [SideStep.BLOCK_ACCOUNT_REVIEW]),
        ([K.WRONG_DEPARTMENT], case(), False, [SideStep.ROUTE_TO_TEAM]),
    ],
)
def test_side_steps(kinds: list[SignalKind], context: Context, gives: bool, also: list[SideStep]) -> None:
    assert list(verdict(*kinds, context=context, gives=gives).also) == also


def test_evidence_is_what_decided() -> None:
    decided = verdict(K.ANGER, K.LEGAL_THREAT)
    assert [e.signal for e in decided.evidence] == [K.LEGAL_THREAT]
    assert decided.who_takes_over == LADDER.who_takes_over["de"]
