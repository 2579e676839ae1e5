"""A workshop of tiny stages: a path that takes a second, whose code tests may copy and change."""
