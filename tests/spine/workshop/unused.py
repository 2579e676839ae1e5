"""No stage imports this."""

ANSWER = 42
