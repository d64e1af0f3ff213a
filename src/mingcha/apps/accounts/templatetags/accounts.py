"""Actions in plain words. Load with `{% load accounts %}`."""

from django import template

from ..words import action_in_words

register = template.Library()


@register.filter
def in_words(action: str) -> str:
    """accounts.user.close -> what that is, in the user's language."""
    return action_in_words(action)
