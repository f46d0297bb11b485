"""What people send in modals."""
