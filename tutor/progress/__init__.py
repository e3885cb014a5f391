"""What a learner did, kept in one SQLite file."""
