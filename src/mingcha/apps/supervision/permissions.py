"""Where supervision's objects say whose they are."""

from mingcha.apps.accounts.permissions import Reach

REACH = {
    "supervision.Plan": Reach(own=("created_by",)),
    "supervision.Task": Reach(own=("members",)),
    "supervision.ObjectDirectory": Reach(own=("created_by",)),
    "supervision.InspectorDirectory": Reach(own=("created_by",)),
    "supervision.Inspector": Reach(own=("account",)),
    "supervision.YearPlan": Reach(own=("created_by",)),
}
