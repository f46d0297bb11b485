"""Stand-ins a newcomer can run without an account or a mail server; the product never imports them."""
