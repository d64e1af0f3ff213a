from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mingcha.apps.accounts"
    label = "accounts"
