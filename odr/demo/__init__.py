"""The demo city: invented people and disputes, played through the same verbs as real ones."""
