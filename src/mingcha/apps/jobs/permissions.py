from mingcha.apps.accounts.permissions import Reach

REACH = {"jobs.Job": Reach(own=("user",))}
