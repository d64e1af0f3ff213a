from .audit import audit_record
from .certificates import certificate_revoke, certificate_save
from .people_import import people_import
from .sessions import session_end, session_keep, session_over, session_taken_over, sessions_end
from .tokens import token_create, token_revoke
from .units import unit_close, unit_create, unit_save
from .users import (
    user_change,
    user_close,
    user_create,
    user_enlist,
    user_reopen,
    user_set_language,
    user_set_password,
)

__all__ = [
    "audit_record",
    "certificate_revoke",
    "certificate_save",
    "people_import",
    "session_end",
    "session_keep",
    "session_over",
    "session_taken_over",
    "sessions_end",
    "token_create",
    "token_revoke",
    "unit_close",
    "unit_create",
    "unit_save",
    "user_change",
    "user_close",
    "user_create",
    "user_enlist",
    "user_reopen",
    "user_set_language",
    "user_set_password",
]
