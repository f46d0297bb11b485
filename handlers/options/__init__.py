"""What menus offer while people type."""
