"""The API's shell: what every operation of every app shares. The operations are in each app's api.py (its `router`).

It lies below the apps, like `lists`: it knows no app, and asks `settings.API_BEARER` whose a token is.
"""
