"""The nouns of postmedic: frozen and typed. Nothing here does I/O or imports anything but the standard library."""
