"""Static rules for lessons: each is a generator of findings over one `Subject`."""
