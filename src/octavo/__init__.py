"""Octavo: turn your own documents into your own language model, offline, and prove what each step did."""

__version__ = "0.1.0"
