"""Names that a user types: the files of a group say which class each name builds."""
