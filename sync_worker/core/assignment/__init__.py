"""Books filled near the optimum, with the proof. A small library of its own: arrays in, a choice and its prices out.

It knows no CRM, no rules and no clock, and gives the same bytes on every machine.
"""
