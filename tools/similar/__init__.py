"""Similar accounts: how leads' companies like this one ended. `infra/docs/similar.md` is for people.

past_accounts (store) --look--> memory.StoredSimilar --> blocks of directions, searched exactly or by a graph
RememberAccount, outcomes, files --> store                 ^ a snapshot on disk, opened by every process of the host
keeping.Keeper (dispatcher): embeds what is missing, tells Pinecone, writes snapshots and their graphs

blocks     accounts side by side: directions, columns to filter by, details
searching  the nearest of some blocks, exactly
graphs     usearch graphs over a block, and the gate that they have to pass
snapshot   a block as files; writing makes them
memory     the port `SimilarAccounts` over the store
table      the same over a CSV file alone, in memory
"""
