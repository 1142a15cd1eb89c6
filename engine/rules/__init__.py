"""Pure decisions: plain values in, plain values out, no database and no clock."""
