"""What systems give to the shell: to-dos, search results, key figures, map layers; and what it keeps for them: counts
over whole tables (aggregates.py) and the map's districts (regions.py). How to offer them: docs/shell.md.
"""
