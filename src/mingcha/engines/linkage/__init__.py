"""Who is who: exact keys and their resolution, names and addresses in one spelling."""
