"""How a command reaches a host. Two protocols: `Reader` can only measure, `Writer` runs the steps of approved plans."""
