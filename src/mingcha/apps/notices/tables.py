"""The list of one's notices."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.bulk import BulkAct, Outcome
from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import Kind
from .services import notices_read, notices_unread

NOTICES = Listing(
    name="notices",
    title=_("Notices"),
    noun=_("notices"),
    row="notices/row.html",
    sort="-at",
    item=lambda notice: reverse("notices:open", args=[notice.pk]),
    columns=(
        Column("text", _("Notice"), lambda n: n.said),
        Column("at", _("Time"), lambda n: n.at, sort="pk", descending=True),
        Column("kind", _("Kind"), lambda n: str(n.get_kind_display()), default=False, minor=True),
    ),
    filters=(
        Filter("unread", _("State"), "unread", lambda: (("1", _("unread")), ("0", _("read"))), boolean=True),
        Filter("kind", _("Kind"), "kind", lambda: Kind.choices),
    ),
    views=(View("unread", _("Unread"), {"unread": ("1",)}), View("all", _("All notices"))),
    acts=(
        BulkAct("read", _("Mark as read"), "mail-opened", "", lambda user, rows: Outcome(notices_read(notices=rows))),
        BulkAct("unread", _("Mark as unread"), "mail", "", lambda user, rows: Outcome(notices_unread(notices=rows))),
    ),
    empty_icon="bell",
    empty_title=_("Nothing to tell you"),
    empty_text=_("When work that takes long has ended, or something waits for you, it is told here."),
)
