"""Every table, and what one row of it is. Migrations are made from this package; nothing else declares a table.

    accounts     one row an ultimate parent with a lead: its chance, contract value and priority, worked out from the leads
    leads        one row a person's interest: the newest decision in columns          (personal data)
    decisions    one row a revision: the whole decision record as the JSON that was decided  (personal data)
    assignments  one row each time a lead was given to somebody; `number` counts from 1 within a lead
    pools        one row a pool: its ledger, guarded by `version`
    turns        one row a lead and pool: the turn this lead took, so that a replay takes no second
    outbox       one row an effect, unique by key; done rows stay as the history of writes; a timer is a row due later
    dead_letters one row a lead or effect that was given up, with what is needed to replay it
    late_facts   one row a decision whose company facts came late: what is known now, and what followed
    lead_events  one row an event: what a person did, or was done to them, and whether it counts (personal data)
    outcomes     one row a lead whose end was told from outside (a CRM's export): it goes before what the assignment says
    predictions  one row a prediction of a lead and type; of each pair one is ACTIVE      (personal data)
    prediction_jobs   one row a bulk prediction: its leads, how far it came, who works on it
    routing_versions  one row a routing file that decided a lead or was proposed to, by digest
    routing_changes   one row an edit of the routing file: who, why, approvals, and when it went live, if it did
    crm_*, alerts, alert_notes   the embedded twins' own data
    crm_changes  one row an event that a CRM sent back: what it says, and what followed        (personal data)
    nurture_enrolments   one row a contact and sequence, for life: where they stand      (personal data)
    nurture_steps    one row a step that came due: what was done, in a sentence
    nurture_mails    one row a mail of a sequence, from the intent to send it on      (personal data)
    nurture_unsubscribes one row an address that wants no more mails, for ever      (personal data)
    nurture_versions one row a version of a sequence, with the text of its mails
    slack_messages   one row a lead and owner: the Slack message that shows the lead, to update it
    team_posts   one row a line about a hot lead, or a digest, as the inbox shows it   (personal data)
    digests      one row a person and part of a day: from when to when its digest tells, made once
    past_accounts    one row an account that leads came from, or that we were told of, and how it ended
    account_leads    one row a lead: the account that it is counted for
    account_vectors  one row an account and embedder: the vector, or that it is kept elsewhere
    account_memory   one row with the number of the last change of past accounts, others with a state of theirs
    enrichment_answers   one row a source and domain: what it said, until when that is good
    enrichment_spending  one row a day and source: questions, US cents, answers
    enrichment_sources   one row a source that is asked for money: is it switched off, and its last answers
    lead_feedback  one row a lead, assignment, person and opinion of its prediction
    person_keys  one row a lead and key under which its person is found: hashes of parts of a name beside a phone or company
    person_edges one row each time two leads were called one person or two; undone rows stay
    person_candidates  one row a pair of leads that may be one person, found and not sure
    book_told    one row an account, source and time: what the source told of it   (with book_changes: when and by whom)
    book_lines   one row an account that is in a family, or disputed: who is above it, worked out from what was told
    book_state   one row: the version of the book of accounts that is read
    webhook_endpoints    one row an address that is told of what happens to leads
    webhook_deliveries   one row a message and endpoint that was tried: what came of it last
    form_mappings   one row a version of a form's mapping; the highest is in use
    form_endpoints  one row a form of one's own: the salt of its secret
    form_seen    one row a form and name that did not fit its mapping, with counts: never a value
    form_rejected   one row a form's payload that no lead could be made of, for 30 days  (personal data)

Times are UTC. JSON is text, so that a decision record reads back bit for bit on both databases.
"""

from tools.store.tables.activity import lead_events
from tools.store.tables.book import OPEN_END, book_changes, book_lines, book_state, book_told
from tools.store.tables.common import BigId, UtcTime, metadata
from tools.store.tables.crm import crm_changes, crm_notes
from tools.store.tables.deciding import HELD, accounts, assignments, decisions, leads
from tools.store.tables.enriching import enrichment_answers, enrichment_sources, enrichment_spending
from tools.store.tables.feedback import lead_feedback
from tools.store.tables.forms import form_endpoints, form_mappings, form_rejected, form_seen
from tools.store.tables.late import late_facts
from tools.store.tables.learning import ACTIVE, outcomes, prediction_jobs, predictions
from tools.store.tables.nurture import (
    nurture_enrolments,
    nurture_mails,
    nurture_steps,
    nurture_unsubscribes,
    nurture_versions,
)
from tools.store.tables.past_accounts import account_leads, account_memory, account_vectors, past_accounts
from tools.store.tables.people import STANDS, person_candidates, person_edges, person_keys
from tools.store.tables.routing import pools, routing_changes, routing_versions, turns
from tools.store.tables.sending import CONTACT, DEAD, OPEN, dead_letters, outbox, read_cache
from tools.store.tables.slack import digests, team_posts
from tools.store.tables.twins import (
    alert_notes,
    alerts,
    crm_companies,
    crm_contacts,
    crm_owners,
    crm_tasks,
    slack_messages,
)
from tools.store.tables.webhooks import webhook_deliveries, webhook_endpoints

__all__ = [
    "ACTIVE",
    "CONTACT",
    "DEAD",
    "HELD",
    "OPEN",
    "OPEN_END",
    "STANDS",
    "BigId",
    "UtcTime",
    "account_leads",
    "account_memory",
    "account_vectors",
    "accounts",
    "alert_notes",
    "alerts",
    "assignments",
    "book_changes",
    "book_lines",
    "book_state",
    "book_told",
    "crm_changes",
    "crm_companies",
    "crm_contacts",
    "crm_notes",
    "crm_owners",
    "crm_tasks",
    "dead_letters",
    "decisions",
    "digests",
    "enrichment_answers",
    "enrichment_sources",
    "enrichment_spending",
    "form_endpoints",
    "form_mappings",
    "form_rejected",
    "form_seen",
    "late_facts",
    "lead_events",
    "lead_feedback",
    "leads",
    "metadata",
    "nurture_enrolments",
    "nurture_mails",
    "nurture_steps",
    "nurture_unsubscribes",
    "nurture_versions",
    "outbox",
    "outcomes",
    "past_accounts",
    "person_candidates",
    "person_edges",
    "person_keys",
    "pools",
    "prediction_jobs",
    "predictions",
    "read_cache",
    "routing_changes",
    "routing_versions",
    "slack_messages",
    "team_posts",
    "turns",
    "webhook_deliveries",
    "webhook_endpoints",
]
