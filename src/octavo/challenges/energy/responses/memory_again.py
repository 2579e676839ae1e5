"""Control: memory once more, after all others; by how much it differs from itself, so much is noise."""

from octavo.challenges.energy.responses.memory import respond

__all__ = ["respond"]
