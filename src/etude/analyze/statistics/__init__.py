"""Statistics on plain numbers: nothing here knows trials."""
