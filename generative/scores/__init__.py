"""Measures of drawn pictures against real ones, each with an interval and a floor."""
