"""The lists of people, of certificates and of the audit trail."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from .audit_trail import trail_search
from .choices import Role
from .words import action_in_words

STANDINGS = (
    ("valid", _("in force")),
    ("soon", _("ends soon")),
    ("expired", _("expired")),
    ("revoked", _("revoked since")),
    ("future", _("not yet in force")),
)

PEOPLE = Listing(
    name="people",
    title=_("People"),
    noun=_("people"),
    row="accounts/people_row.html",
    sort="username",
    item=lambda user: reverse("accounts:user", args=[user.pk]),
    search=lambda queryset, words: queryset.filter(username__icontains=words) | queryset.filter(name__icontains=words),
    search_hint=_("Name or user name"),
    columns=(
        Column("name", _("Full name"), lambda u: u.name or u.username, sort="name"),
        Column("username", _("User name"), lambda u: u.username, sort="username", minor=True),
        Column("role", _("Role"), lambda u: str(u.get_role_display()), sort="role"),
        Column("unit", _("Unit"), lambda u: str(u.unit or "")),
        Column("open", _("Account"), lambda u: str(_("in use") if u.is_active else _("account closed"))),
        Column("last", _("Last sign-in"), lambda u: u.last_login, sort="last_login", nullable=True, minor=True),
    ),
    filters=(
        Filter("role", _("Role"), "role", lambda: Role.choices, composition=True),
        Filter("unit", _("Unit"), "unit__name"),
        Filter(
            "open",
            _("Account"),
            "is_active",
            lambda: (("1", _("in use")), ("0", _("account closed"))),
            boolean=True,
        ),
    ),
    views=(View("open", _("Open accounts"), {"open": ("1",)}), View("all", _("All accounts"))),
    empty_icon="users",
    empty_title=_("Nobody is here yet"),
    empty_text=_("People are added one by one, or from a table."),
)

CERTIFICATES = Listing(
    name="certificates",
    title=_("Law-enforcement certificates"),
    noun=_("certificates"),
    row="accounts/certificate_row.html",
    sort="valid_to",
    item=lambda certificate: reverse("accounts:user", args=[certificate.user_id]),
    search=lambda queryset, words: (
        queryset.filter(number__icontains=words)
        | queryset.filter(user__name__icontains=words)
        | queryset.filter(user__username__icontains=words)
    ),
    search_hint=_("Number or name"),
    columns=(
        Column("holder", _("Holder"), lambda c: str(c.user), sort="user__name"),
        Column("number", _("Certificate number"), lambda c: c.number, sort="number"),
        Column("unit", _("Unit"), lambda c: str(c.user.unit or ""), minor=True),
        Column("scopes", _("Scopes"), lambda c: "；".join(c.scopes), minor=True),
        Column("issuer", _("Issued by"), lambda c: c.issuer, default=False),
        Column("valid_to", _("Valid to"), lambda c: c.valid_to, sort="valid_to"),
        Column("standing", _("Standing"), lambda c: str(dict(STANDINGS)[c.standing])),
    ),
    filters=(
        Filter("standing", _("Standing"), "standing", lambda: STANDINGS, composition=True),
        Filter("unit", _("Unit"), "user__unit__name"),
    ),
    views=(
        View("all", _("All certificates")),
        View("soon", _("To renew"), {"standing": ("soon", "expired")}),
    ),
    empty_icon="id-badge-2",
    empty_title=_("No certificate is on record"),
    empty_text=_(
        "Only who holds a valid certificate may be sent to inspect. Enter them on a person's page, or from a table."
    ),
)

AUDIT = Listing(
    name="audit",
    title=_("Audit trail"),
    noun=_("records"),
    row="accounts/audit_row.html",
    sort="-at",
    item=lambda record: reverse("accounts:audit-record", args=[record.pk]),
    search=trail_search,
    search_hint=_("Person, object, request, or a text in it"),
    columns=(
        Column("at", _("Time"), lambda r: r.at, sort="pk", descending=True),
        Column("who", _("Who"), lambda r: " ".join(filter(None, (str(r.user or ""), r.actor)))),
        Column("said", _("What was done"), lambda r: action_in_words(r.action)),
        Column("action", _("Action"), lambda r: r.action, default=False),
        Column("object", _("Object"), lambda r: f"{r.object_type}:{r.object_id}", minor=True),
        Column("request", _("Request"), lambda r: r.request, minor=True, default=False),
        Column("before", _("Before"), lambda r: _json(r.before), default=False),
        Column("after", _("After"), lambda r: _json(r.after), default=False),
    ),
    filters=(
        Filter("who", _("Who"), "user__username"),
        Filter("action", _("Action"), "action", composition=False),
        Filter("kind", _("Kind of object"), "object_type"),
        Filter("day", _("Day"), "at__date"),
    ),
    views=(
        View("all", _("All records")),
        View(
            "doors",
            _("Sign-ins"),
            {
                "action": (
                    "accounts.session.begin",
                    "accounts.session.fail",
                    "accounts.session.fail_code",
                    "accounts.session.lock",
                    "accounts.session.finish",
                )
            },
        ),
    ),
    empty_icon="history",
    empty_title=_("Nothing is on record yet"),
    empty_text=_("Every change, export and sign-in leaves a record here."),
)


def _json(value) -> str:
    import json

    return "" if value is None else json.dumps(value, ensure_ascii=False)
