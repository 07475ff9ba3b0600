"""
Types of energy that have a price of their own. Their number is the index in every price
list. Append, never reorder.
"""

GRID = 0  # from the upper network
SOLAR = 1
STORAGE = 2  # discharged from a battery
NAMES = ("grid", "solar", "storage")
