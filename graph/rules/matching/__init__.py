"""Which known account a company is: the evidence for one account, its strength, and the choice between several. Pure; what
knows the accounts (`tools.accounts.matching`) finds candidates and asks here."""
