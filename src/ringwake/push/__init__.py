"""The senders: one push to one phone through APNs, FCM or Web Push. `senders.Senders` is the door."""
