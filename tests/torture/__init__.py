"""Kills framescout at every point where it writes, and at any moment, and looks at what is left.

python -m tests.torture --seconds 60
python -m tests.torture --trials 1000 --seed 7 --json torture.json
"""
