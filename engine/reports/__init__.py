"""What is read away from the pages: ledgers, bulletins, letters; counted once, written as page, Excel and Word."""
