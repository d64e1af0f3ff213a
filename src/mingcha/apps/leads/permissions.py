from mingcha.apps.accounts.permissions import Reach

REACH = {"leads.Lead": Reach(own=("assignee", "opened_by"))}
