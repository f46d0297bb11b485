"""The engine of postmedic: recognises, measures, plans and mends. It knows nothing of Slack."""
