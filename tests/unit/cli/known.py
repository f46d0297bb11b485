"""A paste that is recognised, and as what."""

PASTE = "Nov 20 10:11:12 host01 postfix[812]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1\n"
KNOWN = "startup-no-local-interface"
