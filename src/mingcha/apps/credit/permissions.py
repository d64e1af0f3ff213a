"""Whose is what."""

from mingcha.apps.accounts.permissions import Reach

REACH = {
    "credit.Listing": Reach(own=("proposed_by",)),
    "credit.Removal": Reach("listing__division"),
    "credit.Interview": Reach(own=("opened_by",)),
    "credit.Undertaking": Reach("interview__division"),
    "credit.CreditBatch": Reach(division=None),
    "credit.ClassInForce": Reach("entity__division"),
}
