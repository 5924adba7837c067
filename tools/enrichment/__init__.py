"""Company facts: which known account a lead's company is, and what several sources know of it."""
