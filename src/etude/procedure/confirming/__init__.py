"""The best settings trained again, and what that says, for `etude exploit`."""
