from mingcha.apps.accounts.permissions import Reach

REACH = {"law.Clock": Reach(own=("assignee",))}
