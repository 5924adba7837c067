"""Is this somebody who wrote before under another address or spelling? Pure rules: names, evidence, one match, one record."""
