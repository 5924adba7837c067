"""Every table, and what one row of it is. Migrations are made from this package; nothing else declares a table.

    accounts     one row an ultimate parent with a lead: its chance, contract value and priority, worked out from the leads
    leads        one row a person's interest: the newest decision in columns          (personal data)
    decisions    one row a revision: the whole decision record as the JSON that was decided  (personal data)
    assignments  one row each time a lead was given to somebody; `number` counts from 1 within a lead
    pools        one row a pool: its ledger, guarded by `version`
    turns        one row a lead and pool: the turn this lead took, so that a replay takes no second
    outbox       one row an effect, unique by key; done rows stay as the history of writes; a timer is a row due later
    dead_letters one row a lead or effect that was given up, with what is needed to replay it
    outcomes     one row a lead whose end was told from outside (a CRM's export): it goes before what the assignment says
    predictions  one row a prediction of a lead and type; of each pair one is ACTIVE      (personal data)
    prediction_jobs   one row a bulk prediction: its leads, how far it came, who works on it
    routing_versions  one row a routing file that decided a lead or was proposed to, by digest
    routing_changes   one row an edit of the routing file: who, why, approvals, and when it went live, if it did
    crm_*, alerts, alert_notes, nurture_enrolments   the embedded twins' own data
    slack_messages   one row a lead and owner: the Slack message that shows the lead, to update it
    past_accounts    one row an account that leads came from, or that we were told of, and how it ended
    account_leads    one row a lead: the account that it is counted for
    account_vectors  one row an account and embedder: the vector, or that it is kept elsewhere
    account_memory   one row with the number of the last change of past accounts, others with a state of theirs

Times are UTC. JSON is text, so that a decision record reads back bit for bit on both databases.
"""

from tools.store.tables.common import BigId, UtcTime, metadata
from tools.store.tables.deciding import HELD, accounts, assignments, decisions, leads
from tools.store.tables.learning import ACTIVE, outcomes, prediction_jobs, predictions
from tools.store.tables.past_accounts import account_leads, account_memory, account_vectors, past_accounts
from tools.store.tables.routing import pools, routing_changes, routing_versions, turns
from tools.store.tables.sending import DEAD, OPEN, dead_letters, outbox, read_cache
from tools.store.tables.twins import (
    alert_notes,
    alerts,
    crm_companies,
    crm_contacts,
    crm_owners,
    crm_tasks,
    nurture_enrolments,
    slack_messages,
)

__all__ = [
    "ACTIVE",
    "DEAD",
    "HELD",
    "OPEN",
    "BigId",
    "UtcTime",
    "account_leads",
    "account_memory",
    "account_vectors",
    "accounts",
    "alert_notes",
    "alerts",
    "assignments",
    "crm_companies",
    "crm_contacts",
    "crm_owners",
    "crm_tasks",
    "dead_letters",
    "decisions",
    "leads",
    "metadata",
    "nurture_enrolments",
    "outbox",
    "outcomes",
    "past_accounts",
    "pools",
    "prediction_jobs",
    "predictions",
    "read_cache",
    "routing_changes",
    "routing_versions",
    "slack_messages",
    "turns",
]
