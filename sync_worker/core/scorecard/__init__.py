"""The learned scorecard: from won and lost deals to whole points, or to the answer that there is no signal. Pure."""
