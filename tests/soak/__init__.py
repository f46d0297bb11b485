"""What only shows after a while: two replicas under random kill -9, and a bot whose memory, files and tasks must stay flat."""
