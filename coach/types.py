"""The nouns of the coach, in the words of the labelling guide: frozen, and unknown keys are refused.

Offsets are half-open ``[start, end)`` in Unicode code points of the text they belong to, unless a request asks for
UTF-16 units (``options.offsets``), as browsers count.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Noun(BaseModel):
    """A frozen value: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Channel(StrEnum):
    """Where the reply goes. `phone` means that the draft is a call note or a script."""

    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    SOCIAL = "social"
    REVIEW = "review"
    IN_PERSON = "in_person"


class SignalKind(StrEnum):
    """What the customer's words can show."""

    ANGER = "anger"
    PROFANITY = "profanity"
    INSULT = "insult"
    HATE_OR_HARASSMENT = "hate_or_harassment"
    THREAT_OF_VIOLENCE = "threat_of_violence"
    DANGER_TO_LIFE = "danger_to_life"
    INTOXICATION = "intoxication"
    NO_GENUINE_CONCERN = "no_genuine_concern"
    LEGAL_THREAT = "legal_threat"
    PUBLICITY_THREAT = "publicity_threat"
    CHURN_THREAT = "churn_threat"
    SUPERVISOR_REQUEST = "supervisor_request"
    REPEATED_FAILURE = "repeated_failure"
    BEYOND_AUTHORITY = "beyond_authority"
    WRONG_DEPARTMENT = "wrong_department"
    DEADLOCK = "deadlock"
    FRAUD_SUSPICION = "fraud_suspicion"
    DEFAMATION = "defamation"
    PRESSURE = "pressure"
    INDECISION = "indecision"
    CHATTER = "chatter"


class Category(StrEnum):
    """What can be wrong in a draft; where two fit one place, the first of these wins."""

    DISHONESTY = "dishonesty"
    PROMISE = "promise"
    HOSTILITY = "hostility"
    CONDESCENSION = "condescension"
    DEFENSIVENESS = "defensiveness"
    SCRIPT = "script"


class Omission(StrEnum):
    """What can be missing from a draft."""

    NAME = "name"
    ACKNOWLEDGEMENT = "acknowledgement"
    APOLOGY = "apology"
    NEXT_STEP = "next_step"
    ANSWER = "answer"
    BOUNDARY = "boundary"


class Action(StrEnum):
    """The verdict: the one step that comes next."""

    ALERT_SECURITY = "alert_security"
    END_CONVERSATION = "end_conversation"
    HAND_OVER = "hand_over"
    SET_BOUNDARY = "set_boundary"
    CONTINUE = "continue"


class SideStep(StrEnum):
    """What else is to be done, next to the verdict."""

    INFORM_SUPERVISOR = "inform_supervisor"
    OFFER_CALL = "offer_call"
    OFFER_GOODWILL = "offer_goodwill"
    LEGAL_REVIEW = "legal_review"
    BLOCK_ACCOUNT_REVIEW = "block_account_review"
    ROUTE_TO_TEAM = "route_to_team"


class Severity(StrEnum):
    """`error`: has to be gone, or counts for certain. `warning`: is shown, and may stay."""

    ERROR = "error"
    WARNING = "warning"


class FormOfAddress(StrEnum):
    """How a German text addresses its reader."""

    SIE = "Sie"
    DU = "du"


LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


def _of_characters(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no character") from None
    return text


Written = Annotated[str, AfterValidator(_of_characters)]
"""Text that can be written as UTF-8: JSON can smuggle in what cannot."""


class Message(Noun):
    """One message of the conversation, oldest first in its list."""

    author: Literal["customer", "agent", "system"]
    text: Written


class Options(Noun):
    """How the caller wants the answer."""

    deadline_ms: int | None = Field(None, ge=50, le=600_000, description="Time for the whole answer, in milliseconds.")
    offsets: Literal["code_points", "utf16"] = Field("code_points", description="What start and end count.")
    ignore: tuple[str, ...] = Field((), description="Ids of rules that the agent has dismissed.")


class Request(Noun):
    """A draft and its case. All but the draft can be left out: it is inferred from the thread, or has a default."""

    draft: Written
    conversation: tuple[Message, ...] = ()
    channel: Channel = Channel.EMAIL
    language: LanguageCode | None = None
    customer_name: Written | None = None
    agent_name: Written | None = None
    authority: tuple[Written, ...] | None = Field(None, description="What this agent may promise; null: not known.")
    warnings_given: int | None = Field(None, ge=0)
    transferred: bool | None = None
    supervisor_available: bool | None = None
    options: Options = Options()


class Inferred(Noun):
    """A fact about the case that the caller did not send, and where it was read."""

    field: str
    value: str | int | bool | None
    evidence: str | None = Field(None, description="The words it was read from.")
    message: int | None = Field(None, description="Index of the message they stand in; null: the draft, or a default.")


class Context(Noun):
    """The case as the coach understood it: what was sent wins over what was inferred."""

    channel: Channel
    language: LanguageCode
    customer_name: str | None
    agent_name: str | None
    form_of_address: FormOfAddress | None
    authority: tuple[str, ...] | None
    warnings_given: int
    transferred: bool
    supervisor_available: bool
    broken_promises: tuple[str, ...] = Field((), description="Earlier commitments of an agent that were not kept.")
    inferred: tuple[Inferred, ...] = ()


class Finding(Noun):
    """One fault in the draft, at its place."""

    rule: str
    category: Category
    severity: Severity
    quote: str
    start: int
    end: int
    why: str
    instead: str
    tips: tuple[str, ...]
    found_by: Literal["rule", "model"] = "rule"


class Signal(Noun):
    """What the customer's words show. `message` is the index in the conversation; start and end count in its text."""

    kind: SignalKind
    quote: str
    message: int
    start: int
    end: int
    rule: str
    severity: Severity = Severity.ERROR
    found_by: Literal["rule", "model"] = "rule"


class Suggestion(Noun):
    """What to add for an omission that only a person can fill honestly."""

    omission: Omission
    rule: str
    why: str
    line: str
    tips: tuple[str, ...]


class Cover(StrEnum):
    """Whether what the agent may promise covers a commitment."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNDECIDED = "undecided"


class PromiseKind(StrEnum):
    """What a commitment is about. `check` is what any agent can do at once and needs no cover."""

    REFUND = "refund"
    CREDIT = "credit"
    DEADLINE = "deadline"
    CALL_BACK = "call_back"
    DELIVERY = "delivery"
    OUTCOME = "outcome"
    GUARANTEE = "guarantee"
    CHECK = "check"


class Promise(Noun):
    """A commitment in a text, and whether it is covered."""

    kind: PromiseKind
    quote: str
    start: int
    end: int
    amount: str | None = None
    date: str | None = None
    cover: Cover
    authority: str | None = Field(None, description="The entry of `authority` that covers it.")


class Evidence(Noun):
    """The customer's words that a verdict rests on; `message` is their index in the conversation."""

    signal: SignalKind
    quote: str
    message: int


class HandoverNote(Noun):
    """What the person who takes over has to know, the desk's own mistakes included; no adjectives."""

    matter: str
    history: tuple[Message, ...]
    promised: tuple[str, ...]
    wants: str
    own_mistakes: tuple[str, ...]


class Verdict(Noun):
    """What comes next, by which rung of the ladder, and on which words it rests."""

    action: Action
    also: tuple[SideStep, ...]
    rule: str
    reason: str
    evidence: tuple[Evidence, ...]
    tips: tuple[str, ...]
    if_it_continues: str
    who_takes_over: str | None = None
    handover_note: HandoverNote | None = None


FaultKind = Literal[
    "finding_left",
    "fact_added",
    "fact_lost",
    "negation_turned",
    "promise_added",
    "language_changed",
    "form_of_address_changed",
    "name_missing",
    "boundary_missing",
    "handover_missing",
    "end_missing",
    "emergency_missing",
    "instruction_leaked",
    "too_long",
    "empty",
]


class Fault(Noun):
    """Why a rewrite may not leave: `detail` is the place, or the fact."""

    kind: FaultKind
    detail: str


class Tip(Noun):
    """Advice to the agent that changes nothing in the text."""

    id: str
    text: str


class Usage(Noun):
    """What the model calls of one request took; cost in US dollars, null when not known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    quotes_dropped: int = Field(0, description="What the model quoted and nobody wrote.")


class Result(Noun):
    """The coach's answer."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    omissions: tuple[Omission, ...]
    suggestions: tuple[Suggestion, ...]
    signals: tuple[Signal, ...]
    promises: tuple[Promise, ...]
    changed: bool
    rewrite: str | None
    rewrite_by: Literal["model", "editor", "none"]
    remaining: tuple[Fault, ...]
    todo: tuple[str, ...]
    tips: tuple[Tip, ...]
    context: Context
    warnings: tuple[str, ...]
    degraded: bool
    prompt_id: str | None
    model: str | None
    usage: Usage
