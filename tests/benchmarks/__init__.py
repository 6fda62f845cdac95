"""How quick and how light lrviz is, as ratios to yardsticks measured in the same run: `make bench`.

Nothing here fails: machines differ, so each finding is printed beside its target with a mark.
"""
