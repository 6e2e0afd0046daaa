"""Commands that belong to neither side: status, doctor, models, demo."""
