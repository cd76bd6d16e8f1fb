"""Reply Coach: what is wrong with a draft reply, a rewrite that is free of it, and when to escalate."""

__version__ = "0.1.0"
