from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """User name and password. It doesn't tell which of the two was wrong."""

    error_messages = {
        "invalid_login": _(
            "The user name or the password is wrong. After five failures the account is locked a while."
        ),
        "inactive": _("This account is closed."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in (("username", _("User name")), ("password", _("Password"))):
            self.fields[name].label = label
            self.fields[name].widget.attrs["class"] = "mc-input"
