"""Company facts from several sources, in order, with a ledger of what they cost.

    ask -> Waterfall -> sources in memory (book, CRM, table, form)                       free, always asked in their order
                     -> Metered(source): cache -> switch -> ceilings -> vendor           asked for what is still missing
        <- one profile a company: each field's first good value, where it is from, who says otherwise, who was asked

`fields` knows what a good value is, `order` who comes before whom, `merging` makes one profile of several answers,
`metered` asks a vendor for money, `switch` says when a vendor is not worth asking, `building` puts it together from the
settings. Nothing here decides about a lead, and nothing is ever estimated.
"""
