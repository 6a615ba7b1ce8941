"""Translation of legacy saves into the commands that lead from each save to the next."""
