"""The file of sequences, `infra/sequences.json`, with the mails in the folder `mails` beside it: read, checked, reloaded."""

from tools.sequence_file.live import LiveSequences
from tools.sequence_file.loading import SequenceFile, load, parse, restored, restored_file
from tools.sequence_file.shapes import schema_text

__all__ = ["LiveSequences", "SequenceFile", "load", "parse", "restored", "restored_file", "schema_text"]
