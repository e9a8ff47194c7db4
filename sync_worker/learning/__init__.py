"""The learned scorecard's edges: deals read from files, the points in force run over them, the table as a rule file."""
