"""Work that no request asks for: relaying, commands, sweeps, seals."""
