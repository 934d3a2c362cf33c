"""Framework that samplers are written with: the protocol, facts of servers, replies, counted look-ups."""
