"""The senders: one push to one phone through whichever service its application names. `senders.Senders` is the door."""
