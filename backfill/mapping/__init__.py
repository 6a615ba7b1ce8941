"""The mapping file: which field of ours each legacy column becomes, reviewed and edited like code."""
