"""Images on their way to the network and maps on their way back: one file a step."""
