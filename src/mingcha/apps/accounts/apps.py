from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mingcha.apps.accounts"
    label = "accounts"

    def ready(self):
        from mingcha.lists.hooks import ON_CHANGE, ON_EXPORT, REACH

        ON_EXPORT.append(_audit_export)
        ON_CHANGE.append(_audit_view)
        REACH.append(_reach)


def _audit_export(request, action, asked):
    from .services import audit_record

    audit_record(user=request.user, action=action, obj=request.user, after=asked)


def _audit_view(user, action, view, before, after):
    from .services import audit_record

    audit_record(user=user, action=action, obj=view, before=before, after=after)


def _reach(queryset, user, action):
    """Of a list's selection what the matrix lets `user` do `action` to; a model without a Reach is guarded by its
    list's own queryset."""
    from .permissions import reach_of, visible

    try:
        reach_of(queryset.model)
    except (KeyError, ImportError, AttributeError):
        return queryset
    return visible(queryset, user, action)
