"""How to make this room's objects for tests/web/test_guards.py."""

WHOLE = {
    "exchange:name": "a dataset is the whole instance's; who may see its rows is asked row by row",
    "exchange:pk": "a reason counts rows of any division; tests/web/test_rights.py shows who sees which",
}
