from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The two lists."""

    ABNORMAL = "abnormal", _("Abnormal operations")
    DISHONEST = "dishonest", _("Seriously dishonest")


class ListingState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    TOLD = "told", _("Firm told")
    DECIDED = "decided", _("Listed, to be published")
    PUBLISHED = "published", _("Made public")
    LEAVING = "leaving", _("Removal asked for")
    REMOVED = "removed", _("Removed")
    ANNULLED = "annulled", _("Decision annulled")
    NOT_LISTED = "not_listed", _("Not listed")
    DROPPED = "dropped", _("Proposal dropped")


ON_THE_LIST = (ListingState.DECIDED, ListingState.PUBLISHED, ListingState.LEAVING)
SHOWN = (ListingState.PUBLISHED, ListingState.LEAVING)  # to the public
UNDER_WAY = (ListingState.PROPOSED, ListingState.TOLD)


class RemovalKind(models.TextChoices):
    """Why a firm leaves a list."""

    APPLICATION = "application", _("On application")
    OWN_FINDING = "own_finding", _("By the authority's own finding")
    REPAIR = "repair", _("Credit repair, before the term")
    OBJECTION = "objection", _("Objection: the listing was wrong")
    ANNULMENT = "annulment", _("The penalty behind it was annulled")
    TERM = "term", _("The term has ended")


class RemovalState(models.TextChoices):
    APPLIED = "applied", _("Applied for")
    ACCEPTED = "accepted", _("Accepted, being checked")
    NOT_ACCEPTED = "not_accepted", _("Not accepted")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Removal refused")
    REVOKED = "revoked", _("Granted on false grounds, revoked")


OPEN_REMOVALS = (RemovalState.APPLIED, RemovalState.ACCEPTED)


class InterviewState(models.TextChoices):
    DRAFT = "draft", _("Drafted")
    NOTIFIED = "notified", _("Notice sent")
    HELD = "held", _("Held, undertakings followed")
    ABSENT = "absent", _("Not attended")
    CLOSED = "closed", _("Interview closed")
    CANCELLED = "cancelled", _("Called off")


class UndertakingState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Kept")
    NOT_DONE = "not_done", _("Not kept")


class Source(models.TextChoices):
    """What an interview or a proposal came from. `source_id` is that object's number."""

    HAND = "hand", _("Typed in by hand")
    TASK = "task", _("Inspection task")
    RESULT = "result", _("Inspection result")
    LEAD = "lead", _("Lead")
    CASE = "case", _("Case")
    DATASET = "dataset", _("Dataset")
    LISTING = "listing", _("Abnormal operations list")


class Grade(models.TextChoices):
    """The credit class that the province gives."""

    A = "A", _("A, low risk")
    B = "B", _("B, general risk")
    C = "C", _("C, fairly high risk")
    D = "D", _("D, high risk")


class Step(models.TextChoices):
    """What a file belongs to."""

    EVIDENCE = "evidence", _("Evidence")
    SERVICE = "service", _("Proof of service")
    STATEMENT = "statement", _("The firm's statement")
    HEARING = "hearing", _("Hearing")
    APPLICATION = "application", _("Application")
    RECORD = "record", _("Signed record")
    UNDERTAKING = "undertaking", _("Proof of an undertaking")
