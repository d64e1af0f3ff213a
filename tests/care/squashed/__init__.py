"""The migrations of `jobs` as a later version may have them: squashed into one."""
