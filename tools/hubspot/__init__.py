"""HubSpot behind the CRM ports: reads accounts for a batch of leads, performs the CRM effects idempotently."""

from tools.hubspot.crm import FamilyLeads, HubSpotCrm

__all__ = ["FamilyLeads", "HubSpotCrm"]
