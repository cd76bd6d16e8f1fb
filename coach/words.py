"""The words of the command line's answers, in German and English."""

from collections.abc import Mapping
from dataclasses import dataclass

from coach.types import Action, Category, Omission, Severity, SideStep, SignalKind


@dataclass(frozen=True)
class Words:
    """One language's words; the mappings are complete."""

    quotes: tuple[str, str]
    draft: str
    no_findings: str
    missing: str
    verdict: str
    why: str
    instead: str
    tips: str
    suggestion: str
    message: str
    also: str
    if_it_continues: str
    takes_over: str
    rewrite: str
    differences: str
    unchanged: str
    no_rewrite: str
    todo: str
    note: str
    note_rows: tuple[str, str, str, str]
    advice: str
    by: Mapping[str, str]
    severities: Mapping[Severity, str]
    categories: Mapping[Category, str]
    omissions: Mapping[Omission, str]
    actions: Mapping[Action, str]
    side_steps: Mapping[SideStep, str]
    signals: Mapping[SignalKind, str]

    def quoted(self, text: str) -> str:
        """`text` on one line, in the quotation marks of the language."""
        return " ".join(text.split()).join(self.quotes)


DE = Words(
    quotes=("„", "“"),
    draft="Ihr Entwurf",
    no_findings="Keine Fehler im Entwurf.",
    missing="Was fehlt",
    verdict="Nächster Schritt",
    why="Warum",
    instead="Stattdessen",
    tips="Tipps",
    suggestion="Vorschlag",
    message="Nachricht",
    also="Außerdem",
    if_it_continues="Wenn es so weitergeht",
    takes_over="Übernimmt",
    rewrite="Vorschlag für die Antwort",
    differences="Was sich ändert",
    unchanged="Der Entwurf kann so bleiben.",
    no_rewrite="Kein Vorschlag: Das ließ sich nicht beheben",
    todo="Das sagen Sie damit zu",
    note="Übergabenotiz",
    note_rows=("Anliegen", "Zugesagt war", "Wunsch", "Eigene Fehler"),
    advice="Für Sie",
    by={"model": "vom Sprachmodell geschrieben, geprüft", "editor": "nach festen Regeln überarbeitet"},
    severities={Severity.ERROR: "Fehler", Severity.WARNING: "Hinweis"},
    categories={
        Category.DISHONESTY: "Unehrlichkeit",
        Category.PROMISE: "ungedecktes Versprechen",
        Category.HOSTILITY: "Angriff",
        Category.CONDESCENSION: "Herablassung",
        Category.DEFENSIVENESS: "Rechtfertigung",
        Category.SCRIPT: "Floskel",
    },
    omissions={
        Omission.NAME: "die Anrede mit Namen",
        Omission.ACKNOWLEDGEMENT: "ein Satz, der das Anliegen aufgreift",
        Omission.APOLOGY: "eine Entschuldigung",
        Omission.NEXT_STEP: "der nächste Schritt",
        Omission.ANSWER: "die Antwort auf eine Frage",
        Omission.BOUNDARY: "die Grenze",
    },
    actions={
        Action.ALERT_SECURITY: "Sicherheit oder Notruf verständigen",
        Action.END_CONVERSATION: "Gespräch beenden",
        Action.HAND_OVER: "den Fall übergeben",
        Action.SET_BOUNDARY: "eine Grenze ziehen",
        Action.CONTINUE: "selbst weiter bearbeiten",
    },
    side_steps={
        SideStep.INFORM_SUPERVISOR: "Teamleitung informieren",
        SideStep.OFFER_CALL: "Anruf anbieten",
        SideStep.OFFER_GOODWILL: "Kulanz prüfen",
        SideStep.LEGAL_REVIEW: "Rechtsabteilung einbeziehen",
        SideStep.BLOCK_ACCOUNT_REVIEW: "Sperrung des Kontos prüfen lassen",
        SideStep.ROUTE_TO_TEAM: "an das zuständige Team leiten",
    },
    signals={
        SignalKind.ANGER: "Ärger",
        SignalKind.PROFANITY: "Fluchen",
        SignalKind.INSULT: "Beleidigung",
        SignalKind.HATE_OR_HARASSMENT: "Hass oder Belästigung",
        SignalKind.THREAT_OF_VIOLENCE: "Androhung von Gewalt",
        SignalKind.DANGER_TO_LIFE: "Gefahr für Leib und Leben",
        SignalKind.INTOXICATION: "unter Alkohol oder Drogen",
        SignalKind.NO_GENUINE_CONCERN: "kein echtes Anliegen",
        SignalKind.LEGAL_THREAT: "Drohung mit rechtlichen Schritten",
        SignalKind.PUBLICITY_THREAT: "Drohung mit Öffentlichkeit",
        SignalKind.CHURN_THREAT: "Drohung mit Kündigung",
        SignalKind.SUPERVISOR_REQUEST: "möchte die Leitung sprechen",
        SignalKind.REPEATED_FAILURE: "wiederholt ungelöst",
        SignalKind.BEYOND_AUTHORITY: "verlangt mehr, als Sie zusagen dürfen",
        SignalKind.WRONG_DEPARTMENT: "ein anderes Team ist zuständig",
        SignalKind.DEADLOCK: "festgefahren",
        SignalKind.FRAUD_SUSPICION: "Verdacht auf Betrug",
        SignalKind.DEFAMATION: "falsche Behauptungen in der Öffentlichkeit",
        SignalKind.PRESSURE: "Druck",
        SignalKind.INDECISION: "unentschlossen",
        SignalKind.CHATTER: "Plauderei",
    },
)

EN = Words(
    quotes=("“", "”"),
    draft="Your draft",
    no_findings="Nothing to object to.",
    missing="What is missing",
    verdict="Next step",
    why="Why",
    instead="Instead",
    tips="Tips",
    suggestion="Suggestion",
    message="message",
    also="Also",
    if_it_continues="If it goes on",
    takes_over="Taken over by",
    rewrite="Suggested reply",
    differences="What changes",
    unchanged="The draft can stay as it is.",
    no_rewrite="No suggestion: this could not be mended",
    todo="What this reply commits you to",
    note="Handover note",
    note_rows=("Matter", "Promised so far", "Wants", "Our mistakes"),
    advice="For you",
    by={"model": "written by the language model, checked", "editor": "edited by fixed rules"},
    severities={Severity.ERROR: "error", Severity.WARNING: "hint"},
    categories={
        Category.DISHONESTY: "dishonesty",
        Category.PROMISE: "promise without cover",
        Category.HOSTILITY: "hostility",
        Category.CONDESCENSION: "condescension",
        Category.DEFENSIVENESS: "defensiveness",
        Category.SCRIPT: "stock phrase",
    },
    omissions={
        Omission.NAME: "the customer's name",
        Omission.ACKNOWLEDGEMENT: "a sentence that takes up the problem",
        Omission.APOLOGY: "an apology",
        Omission.NEXT_STEP: "what happens next",
        Omission.ANSWER: "the answer to a question",
        Omission.BOUNDARY: "a boundary",
    },
    actions={
        Action.ALERT_SECURITY: "alert security or the emergency services",
        Action.END_CONVERSATION: "end the conversation",
        Action.HAND_OVER: "hand over",
        Action.SET_BOUNDARY: "set a boundary",
        Action.CONTINUE: "continue yourself",
    },
    side_steps={
        SideStep.INFORM_SUPERVISOR: "inform the supervisor",
        SideStep.OFFER_CALL: "offer a call",
        SideStep.OFFER_GOODWILL: "consider a goodwill gesture",
        SideStep.LEGAL_REVIEW: "bring in the legal team",
        SideStep.BLOCK_ACCOUNT_REVIEW: "have a block of the account reviewed",
        SideStep.ROUTE_TO_TEAM: "route to the team in charge",
    },
    signals={
        SignalKind.ANGER: "anger",
        SignalKind.PROFANITY: "swearing",
        SignalKind.INSULT: "insult",
        SignalKind.HATE_OR_HARASSMENT: "hate or harassment",
        SignalKind.THREAT_OF_VIOLENCE: "threat of violence",
        SignalKind.DANGER_TO_LIFE: "danger to life",
        SignalKind.INTOXICATION: "drunk or on drugs",
        SignalKind.NO_GENUINE_CONCERN: "no genuine concern",
        SignalKind.LEGAL_THREAT: "threat of legal action",
        SignalKind.PUBLICITY_THREAT: "threat to go public",
        SignalKind.CHURN_THREAT: "threat to leave",
        SignalKind.SUPERVISOR_REQUEST: "asks for a supervisor",
        SignalKind.REPEATED_FAILURE: "failed before",
        SignalKind.BEYOND_AUTHORITY: "demands more than you may grant",
        SignalKind.WRONG_DEPARTMENT: "another team's matter",
        SignalKind.DEADLOCK: "deadlock",
        SignalKind.FRAUD_SUSPICION: "suspicion of fraud",
        SignalKind.DEFAMATION: "false claims in public",
        SignalKind.PRESSURE: "pressure",
        SignalKind.INDECISION: "cannot decide",
        SignalKind.CHATTER: "small talk",
    },
)

WORDS: Mapping[str, Words] = {"de": DE, "en": EN}
