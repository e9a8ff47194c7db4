"""The market as it stands: whose accounts they are, territory by territory, and which are like those won. Pure."""
