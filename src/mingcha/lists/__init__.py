"""The one list pattern: an app declares a `Listing`, a view asks for its `ListPage` or its export.

Every list is searchable, filterable, sortable and exportable, keeps its state in the URL, and reads a page of a
million rows as fast as one of a hundred: pages follow a key, never an offset, and counts stop at a cap.
"""
