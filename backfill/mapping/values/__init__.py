"""Values of legacy columns, before they are fields: times that are numbers, words within JSON."""
