"""Where the objects of this room lie, for `accounts.permissions.visible`."""

from mingcha.apps.accounts.permissions import Reach

REACH = {
    "risk.RiskScore": Reach("entity__division"),
    "risk.PointScore": Reach("entity__division"),
    "risk.Appeal": Reach("entity__division"),
    "risk.Statement": Reach("entity__division"),
}
