"""Sequences at work: the steps that come due, mails over SMTP, signed links, and HubSpot for those who nurture there."""
