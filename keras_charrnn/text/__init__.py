"""Text and ids: everything that happens before a network sees a character."""
