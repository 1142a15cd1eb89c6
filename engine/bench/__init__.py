"""`huying bench`: the door against a frozen yardstick, interleaved in one run, because machines are noisy."""
