"""What people click in messages. A button carries an opaque id; what it means is looked up."""
