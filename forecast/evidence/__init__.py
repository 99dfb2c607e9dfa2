"""From what publishers and files say to series: statements, events, decisions, feeds."""
