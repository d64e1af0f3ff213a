"""Looking after an instance: no tables of its own."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "mingcha.care"

    def ready(self):
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_login_failed

        user_login_failed.connect(_refused, dispatch_uid="mingcha.care")
        user_locked_out.connect(_locked, dispatch_uid="mingcha.care")


def _refused(**_):
    from .metrics import REFUSED

    REFUSED.labels("password").inc()


def _locked(**_):
    from .metrics import REFUSED

    REFUSED.labels("locked").inc()
