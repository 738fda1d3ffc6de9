"""What the playbook says: its rules in a sentence each, and what is known of common names."""
