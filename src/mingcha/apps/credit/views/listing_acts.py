"""The acts that move a listing on: when each is offered, what its dialog says, which service does it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from mingcha.problems import Problem

from .. import forms, services
from ..choices import ON_THE_LIST, UNDER_WAY, Kind, ListingState, RemovalKind, RemovalState
from ..grounds import ground
from ..models import Listing, Removal
from ..selectors import listings_visible
from .acts import Act, view_of

PROPOSED, TOLD = ListingState.PROPOSED, ListingState.TOLD
_PREPARE, _DECIDE = "credit.listing.propose", "credit.listing.decide"


def _removal(listing: Listing, **which: Any) -> Removal:
    found = listing.removals.filter(**which).last()
    if found is None:
        raise Problem(
            zh="没有待办的移出申请，或已由他人办理。",
            en="No application waits for this, or someone has done it.",
            where=str(listing),
            todo_zh="请刷新页面查看。",
            todo_en="Look at the page again.",
        )
    return found


def _decidable(listing: Listing) -> bool:
    if listing.state == TOLD:
        return not listing.hearing_asked_on or bool(listing.hearing_on)
    return listing.state == PROPOSED and ground(listing.ground).told != "must"


def _has(listing: Listing, state: str, **which: Any) -> bool:
    return listing.removals.filter(state=state, **which).exists()


ACTS = (
    Act(
        "notice", _PREPARE, _("Number the notice"), "file-text", _("Number the notice to the firm?"),
        _("It gets the next number of your unit, and can be printed and served."),
        _("The notice has its number. Print it, serve it, then note the service."),
        lambda o, g, u: services.listing_notice(listing=o, user=u),
        lambda o: o.state == PROPOSED and not o.told_number,
    ),
    Act(
        "tell", _PREPARE, _("Note the service of the notice"), "send", _("The notice was served?"),
        _("From that day the firm's time for its statement runs; nothing is decided before it ends."),
        _("The service is on record, and the firm's time runs."),
        lambda o, g, u: services.listing_tell(listing=o, user=u, **g),
        lambda o: o.state == PROPOSED, forms.TellForm,
    ),
    Act(
        "statement", _PREPARE, _("Write down its statement"), "message-2", _("What does the firm state?"),
        _("It is kept in its own words. One that comes after its time is kept too, and marked as late."),
        _("The statement is on record."),
        lambda o, g, u: services.listing_statement(listing=o, user=u, **g),
        lambda o: o.state == TOLD and not o.statement_on, forms.StatementForm,
    ),
    Act(
        "hearing_ask", _PREPARE, _("It asks for a hearing"), "gavel", _("The firm asks for a hearing?"),
        _("Nothing is decided before it is held."), _("The request is on record."),
        lambda o, g, u: services.listing_hearing_ask(listing=o, user=u, **g),
        lambda o: o.state == TOLD and not o.hearing_asked_on and bool(ground(o.ground).hearing), forms.HearingAskForm,
    ),
    Act(
        "hearing", _PREPARE, _("Write down the hearing"), "gavel", _("The hearing was held?"),
        _("Its opinion goes to whoever decides."), _("The hearing is on record."),
        lambda o, g, u: services.listing_hearing_hold(listing=o, user=u, **g),
        lambda o: o.state == TOLD and bool(o.hearing_asked_on) and not o.hearing_on, forms.HearingForm,
    ),
    Act(
        "consent", _PREPARE, _("Note the consent above"), "arrow-up-circle", _("The authority above consents?"),
        _("A county or city needs it before it lists a firm as seriously dishonest."), _("The consent is on record."),
        lambda o, g, u: services.listing_consent(listing=o, user=u, **g),
        lambda o: o.kind == Kind.DISHONEST and o.state in UNDER_WAY and not o.consent, forms.ConsentForm,
    ),
    Act(
        "decide", _DECIDE, _("Take the decision"), "rubber-stamp", _("Decide on this proposal?"),
        _("Listed: the decision gets its number and is served on the firm. Not listed: the matter ends."),
        _("It is decided, under your name."),
        lambda o, g, u: services.listing_decide(listing=o, user=u, **g),
        _decidable, forms.DecideForm, True,
    ),
    Act(
        "publish", _DECIDE, _("Make public"), "world", _("Publish this listing?"),
        _("Anyone will see the firm, the ground and the decision, without signing in, until it is removed."),
        _("It is public now."),
        lambda o, g, u: services.listing_publish(listing=o, user=u),
        lambda o: o.state == ListingState.DECIDED, None, True,
    ),
    Act(
        "accept", _DECIDE, _("Accept the application"), "circle-check", _("Accept the application for checking?"),
        _("Accepted: the time to check and decide runs. Not accepted: the firm stays on the list, and is told why."),
        _("It is on record."),
        lambda o, g, u: services.removal_accept(removal=_removal(o, state=RemovalState.APPLIED), user=u, **g),
        lambda o: o.state == ListingState.LEAVING and _has(o, RemovalState.APPLIED), forms.AcceptForm,
    ),
    Act(
        "remove", _DECIDE, _("Decide on the removal"), "rubber-stamp", _("Decide on the removal?"),
        _("Off the list: the firm is public no longer, at once. Either decision gets its number."),
        _("It is decided, under your name."),
        lambda o, g, u: services.removal_decide(removal=_removal(o, state=RemovalState.ACCEPTED), user=u, **g),
        lambda o: o.state == ListingState.LEAVING and _has(o, RemovalState.ACCEPTED), forms.GrantForm, True,
    ),
    Act(
        "apply", _PREPARE, _("Removal from the list"), "door-exit", _("Why should the firm leave the list?"),
        _("What it applied for, or what we found ourselves. Another person decides, in the time of the law."),
        _("It is on record, and its time runs."),
        lambda o, g, u: services.removal_apply(listing=o, user=u, **g),
        lambda o: o.state == ListingState.PUBLISHED, forms.RemovalForm,
    ),
    Act(
        "correct", _DECIDE, _("Correct"), "pencil", _("Correct the facts of this decision?"),
        _("Both texts are kept. The public page says when it was corrected."), _("It is corrected."),
        lambda o, g, u: services.listing_correct(listing=o, user=u, **g),
        lambda o: o.state in ON_THE_LIST, forms.CorrectForm, True,
    ),
    Act(
        "annul", _DECIDE, _("Annul"), "eraser", _("Annul this decision?"),
        _("It was wrong, or the penalty behind it was annulled: the firm is public no longer, at once."),
        _("The decision is annulled."),
        lambda o, g, u: services.listing_annul(listing=o, user=u, **g),
        lambda o: o.state in (ListingState.DECIDED, ListingState.PUBLISHED), forms.ReasonForm, True,
    ),
    Act(
        "revoke", _DECIDE, _("Revoke the credit repair"), "arrow-back-up", _("Revoke the repair?"),
        _("It was granted on false papers: the firm is listed and public again, its term counted anew."),
        _("The repair is revoked, and the firm is listed again."),
        lambda o, g, u: services.removal_revoke(
            removal=_removal(o, state=RemovalState.GRANTED, kind=RemovalKind.REPAIR), user=u, **g
        ),
        lambda o: o.state == ListingState.REMOVED and _has(o, RemovalState.GRANTED, kind=RemovalKind.REPAIR),
        forms.ReasonForm, True,
    ),
    Act(
        "drop", _PREPARE, _("Drop the proposal"), "ban", _("Drop this proposal?"),
        _("Nothing is decided; the reason is kept."), _("The proposal is dropped."),
        lambda o, g, u: services.listing_drop(listing=o, user=u, **g),
        lambda o: o.state in UNDER_WAY, forms.ReasonForm,
    ),
    Act(
        "paper", _PREPARE, _("Add a file"), "paperclip", _("Add a file"),
        _("It is kept as it is, under its digest, and can't be taken out again."), _("The file is kept."),
        lambda o, g, u: services.paper_hand_in(of=o, user=u, **g), lambda o: True, forms.PaperForm,
    ),
)  # fmt: skip

VIEWS = {act.name: view_of(act, lambda user, right: listings_visible(user, right)) for act in ACTS}
