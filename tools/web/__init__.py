"""The HTTP side: intake, inbox, admin, health. Routes are thin; what they do lives in the stream and the store."""
