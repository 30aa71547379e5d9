"""The softphone as a full-screen program: what it shows (`screen_state`, `choices`), and the widgets that draw it."""
